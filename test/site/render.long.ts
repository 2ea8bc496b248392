/** Builds the site, and reads it in a headless Chromium as a person would: on a desk and on a phone, light and dark. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';

import { project } from '../../cmd/package/project.ts';
import { base, siteDirectory } from '../../cmd/site/base.ts';
import { findBrowser, startBrowser, type Browser, type View } from './browser.ts';
import { contentWidth, faintTexts, type FaintText } from './measure.ts';
import { serveSite, type Served } from './serve.ts';

const path = findBrowser();
const skip = path === undefined && 'no Chromium on the PATH: test/site/install-packages.sh installs one';

const pages = [
  { path: '', heading: 'kubectl-stash Get your volumes back', hasSidebar: false },
  { path: 'guides/deployment.html', heading: 'Snapshot and restore the volumes of a Deployment' },
  { path: 'reference/commands/restore.html', heading: 'kubectl stash restore' },
  { path: 'reference/doctor.html', heading: 'What doctor checks' },
  { path: 'reference/api/backupconfiguration.html', heading: 'BackupConfiguration' },
  { path: 'architecture.html', heading: 'Architecture' },
];

const views: View[] = (['light', 'dark'] as const).flatMap((theme) => [
  { width: 1280, height: 900, theme },
  { width: 390, height: 844, theme },
]);

/** Where a person can look at what the test saw. */
const pictures = join(project, 'dist/site-pictures');

suite('the site in a browser', { skip }, () => {
  let served: Served;
  let browser: Browser;
  before(async () => {
    await promisify(execFile)('npm', ['run', 'site'], { cwd: project });
    await mkdir(pictures, { recursive: true });
    served = await serveSite(join(project, siteDirectory), base);
    browser = await startBrowser(path ?? '');
  });
  after(async () => {
    await browser.close();
    await served.close();
  });

  for (const { path: address, heading, hasSidebar = true } of pages) {
    for (const view of views) {
      const name = `${address === '' ? 'front page' : address}, ${view.width} pixels, ${view.theme}`;
      test(name, async () => {
        const page = await browser.open(`${served.url}${address}`, view);
        await writeFile(join(pictures, `${name.replaceAll(/\W+/g, '-')}.png`), await page.screenshot());
        assert.equal(await page.evaluate(visibleText('h1')), heading);
        assert.notEqual(await page.evaluate(visibleText('.VPNavBarSearch button')), undefined);
        if (hasSidebar && view.width > 960) {
          const sidebar = await page.evaluate<string>(visibleText('.VPSidebar'));
          for (const title of ['Start', 'Guides', 'Reference', 'Design'])
            assert.ok(sidebar.includes(title), title);
        }
        assert.equal(await page.evaluate(contentWidth), view.width, 'the page does not scroll sideways');
        assert.deepEqual(await page.evaluate(faintTexts), [], 'every text has enough contrast');
        assert.deepEqual(page.errors, []);
        const elsewhere = page.requests.filter(
          (url) => !url.startsWith(served.url) && !url.startsWith('data:'),
        );
        assert.deepEqual(elsewhere, [], 'no other host is asked');
        await page.close();
      });
    }
  }

  test('the measurements find a wide box and a faint text', async () => {
    const html =
      '<meta name="viewport" content="width=device-width"><body style="margin: 0"><p>sound</p><p style="width: 600px; color: #999">faint</p><img src="http://other.invalid/a.png">';
    const page = await browser.open(`data:text/html,${encodeURIComponent(html)}`, {
      width: 390,
      height: 844,
      theme: 'light',
    });
    assert.equal(await page.evaluate(contentWidth), 600);
    assert.deepEqual(
      (await page.evaluate<FaintText[]>(faintTexts)).map(({ text }) => text),
      ['faint'],
    );
    assert.equal(page.errors.length, 1);
    assert.ok(page.requests.includes('http://other.invalid/a.png'));
    await page.close();
  });

  test('the search finds a page', async () => {
    const page = await browser.open(served.url, { width: 1280, height: 900, theme: 'light' });
    await page.evaluate(`document.querySelector('.VPNavBarSearch button').click()`);
    await page.evaluate(appears('.VPLocalSearchBox input'));
    await page.evaluate(`(() => {
      const box = document.querySelector('.VPLocalSearchBox input');
      box.value = 'unpin';
      box.dispatchEvent(new Event('input', { bubbles: true }));
    })()`);
    const found = await page.evaluate<string>(appears('.VPLocalSearchBox .result[href*="unpin"]'));
    assert.match(found, /unpin/);
    await page.close();
  });
});

/** The text of the first element that is shown; undefined if there is none. */
function visibleText(selector: string): string {
  return `[...document.querySelectorAll(${JSON.stringify(selector)})]
    .find((element) => element.checkVisibility())?.innerText.replace(/[\\s\\u200b]+/g, ' ').trim()`;
}

/** Resolves with the text of an element once it is there. */
function appears(selector: string): string {
  return `new Promise((resolve) => {
    const look = () => {
      const found = document.querySelector(${JSON.stringify(selector)});
      if (found) resolve(found.innerText);
      return found !== null;
    };
    if (look()) return;
    new MutationObserver((_, observer) => look() && observer.disconnect())
      .observe(document.body, { childList: true, subtree: true });
  })`;
}
