// Looks at an HTML report with axe-core in Chromium: phone and desk, light and dark. Exit code 1 where axe finds a fault.
//
//     npm install --no-save --prefix bench/out axe-core puppeteer-core
//     NODE_PATH=bench/out/node_modules node bench/axe.js report.html
//
// Where axe-core, puppeteer-core or Chromium is absent it says so and ends with 0: this is no part of the gate.
'use strict';
const fs = require('fs');
const path = require('path');

function needed(name) {
  try {
    return require(name);
  } catch {
    console.log(`skipped: ${name} is not installed (see the head of this file)`);
    process.exit(0);
  }
}

async function main(file) {
  const puppeteer = needed('puppeteer-core');
  const axe = fs.readFileSync(path.join(path.dirname(require.resolve('axe-core')), 'axe.min.js'), 'utf8');
  const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const executablePath = process.env.CHROMIUM || browsers.find((one) => fs.existsSync(one));
  if (!executablePath) {
    console.log('skipped: no Chromium on this machine (CHROMIUM names one)');
    return 0;
  }
  const browser = await puppeteer.launch({ executablePath, headless: true, args: ['--no-sandbox'] });
  let faults = 0;
  for (const width of [390, 1280]) {
    for (const scheme of ['light', 'dark']) {
      const page = await browser.newPage();
      await page.setViewport({ width, height: 900 });
      await page.setBypassCSP(true); // the page forbids scripts; axe is one
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
      await page.goto(`file://${path.resolve(file)}`);
      await page.evaluate(axe);
      const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      console.log(`${width} ${scheme}: ${found.violations.length} faults, ${wide} px wide`);
      for (const one of found.violations) console.log(`  ${one.impact} ${one.id}: ${one.nodes[0].html.slice(0, 200)}`);
      faults += found.violations.length + (wide > width ? 1 : 0);
    }
  }
  await browser.close();
  return faults ? 1 : 0;
}

needed('axe-core');
main(process.argv[2]).then((code) => process.exit(code));
