"""The tests, by layer; ``faults`` holds the fault matrix, ``support`` what several of them need."""
