// Pictures of every letter in the snapshots of the composer's tests: on a phone and on a desk, light
// and dark, with the style sheet and without it, as some mail programs show them. Fails if anything is
// wider than its screen.
//
//   node letters.mjs SNAPSHOTS OUT [NAME…]
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { launch } from "./chromium.mjs";

const [snapshots, out, ...wanted] = process.argv.slice(2);
const VIEWS = [
  { name: "phone", width: 320, scheme: "light" },
  { name: "phone-dark", width: 375, scheme: "dark" },
  { name: "desk", width: 1000, scheme: "light" },
  { name: "desk-dark", width: 1000, scheme: "dark" },
  { name: "desk-bare", width: 1000, scheme: "light", bare: true },
];

// A letter has nothing remote; if it had, it would not be in the picture.
const browser = await launch();
let overflows = 0;
try {
  for (const file of await readdir(snapshots)) {
    const name = /__drawn__([a-z_]+)\.html\.snap$/.exec(file)?.[1];
    if (!name || (wanted.length > 0 && !wanted.includes(name))) continue;
    const snapshot = await readFile(join(snapshots, file), "utf8");
    const html = withPictures(snapshot.slice(snapshot.indexOf("\n---\n") + 5));
    for (const view of VIEWS) await take(name, html, view);
  }
} finally {
  await browser.close();
}
if (overflows > 0) process.exit(1);

async function take(name, html, view) {
  const page = await browser.newPage();
  await page.setViewport({ width: view.width, height: 200, deviceScaleFactor: 1 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: view.scheme }]);
  await page.setContent(view.bare ? html.replace(/<style>[^]*?<\/style>/g, "") : html);
  await page.evaluate(() => document.fonts.ready);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > view.width) {
    console.error(`${name}: ${wide} pixels wide on a screen of ${view.width}`);
    overflows += 1;
  }
  await page.screenshot({ path: join(out, `${name}-${view.name}.png`), fullPage: true });
  await page.close();
}

// The pictures that would travel with the letter.
function withPictures(html) {
  const drawn = (content) => `data:image/svg+xml,${encodeURIComponent(content)}`;
  const logo =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 40"><path d="M4 32 16 8l12 24z" fill="#e05206"/>' +
    '<text x="36" y="28" font-family="sans-serif" font-size="20" fill="#222">Exemple</text></svg>';
  const photo =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 5" preserveAspectRatio="none"><rect width="8" height="5" fill="#2f6f4f"/>' +
    '<rect x="2" y="1.2" width="2" height="2" fill="#222"/><circle cx="6" cy="3.4" r=".5" fill="#c9a227"/></svg>';
  return html
    .replace(/cid:logo\.[^"]*/g, drawn(logo))
    .replace(/cid:e\d+\.[^"]*/g, drawn(photo));
}
