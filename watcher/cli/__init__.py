"""The command line: parse arguments, call the application, render. Commands are imported when they are called."""
