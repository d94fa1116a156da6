// Pictures of what Chromium shows: rooms in Hydrogen, and letters alone.
//
//   node browser.mjs PLACES SITE LETTER WELCOME OUT
//
// PLACES tells where the servers are, SITE is the built Hydrogen, LETTER and WELCOME the HTML of letters.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { launch } from "./chromium.mjs";

const [placesFile, site, letterFile, welcomeFile, out] = process.argv.slice(2);
const places = JSON.parse(await readFile(placesFile, "utf8"));
const SOON = { timeout: 30_000 };

const server = await serve(site);
const browser = await launch();
try {
  await room("room", "Carrier board, kernel 6.12", "many thanks", 866);
  await room("files", "Carrier board, first series", "From: Jane Doe", 1416);
  await room("request", "Desk", "is in a room", 560, "Request #1");
  await room("intake", "EE: Paul Stone", "welcome mail goes", 900, "second week");
  await letter(letterFile, "letter-light", "light", 375);
  await letter(letterFile, "letter-dark", "dark", 375);
  await letter(letterFile, "letter-desk", "light", 700);
  await letter(welcomeFile, "welcome", "light", 640);
} finally {
  await browser.close();
  server.close();
}

// The room called `title`, which ends with `last`, from Jane's first answer or from what has `words` on.
async function room(picture, title, last, height, words = "") {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport({ width: 720, height, deviceScaleFactor: 2 });
  page.on("pageerror", (error) => console.error("hydrogen:", error.message));
  const { port } = server.address();
  await page.goto(`http://127.0.0.1:${port}/?homeserver=${encodeURIComponent(places.homeserver)}`);
  await page.waitForSelector("#username", SOON);
  await page.type("#username", places.staff);
  await page.type("#password", places.staff_password);
  await page.click("button[type=submit]");
  await page.waitForSelector(".RoomList li a", SOON);
  await page.waitForFunction(
    (title) => {
      const rooms = [...document.querySelectorAll(".RoomList li a")];
      const room = rooms.find((it) => it.innerText.includes(title));
      room?.click();
      return room !== undefined;
    },
    SOON,
    title,
  );
  await page.waitForFunction(
    (last) => document.querySelector(".Timeline")?.innerText.includes(last),
    SOON,
    last,
  );
  await page.evaluate(initials);
  await page.mouse.move(0, 0);
  // Hydrogen goes back to the end when something in the room changes.
  const top = (words) => {
    const scroller = document.querySelector(".Timeline_scroller");
    const names = [...scroller.querySelectorAll(".Timeline_messageSender")];
    const messages = [...scroller.querySelectorAll(".Timeline_message")];
    const message = words
      ? messages.find((it) => it.innerText.includes(words))
      : names.find((it) => it.textContent.includes("Jane")).parentElement;
    return message.getBoundingClientRect().top - scroller.getBoundingClientRect().top - (words ? 0 : 10);
  };
  for (let tries = 0; ; tries += 1) {
    await settled(page);
    const distance = await page.evaluate(top, words);
    if (Math.abs(distance) < 2) break;
    if (tries === 10) throw new Error("the room does not stay where it was scrolled to");
    const isAtEnd = await page.evaluate((by) => {
      const scroller = document.querySelector(".Timeline_scroller");
      const before = scroller.scrollTop;
      scroller.scrollTop += by;
      return scroller.scrollTop === before;
    }, distance);
    // There is no more to be seen than this.
    if (isAtEnd && distance > 0) {
      height -= Math.ceil(distance);
      await page.setViewport({ width: 720, height, deviceScaleFactor: 2 });
    }
  }
  // What has changed since was drawn anew.
  await page.evaluate(initials);
  await page.screenshot({ path: join(out, `${picture}.png`) });
  await context.close();
}

// The letter of an avatar: Hydrogen takes it from the user's id, Element from the name.
function initials() {
  for (const message of document.querySelectorAll(".Timeline_message")) {
    const name = message.querySelector(".Timeline_messageSender");
    const avatar = message.querySelector(".Timeline_messageAvatar .avatar");
    if (name && avatar && !avatar.querySelector("img")) avatar.textContent = name.textContent.trim()[0];
  }
  for (const pill of document.querySelectorAll(".pill")) {
    const avatar = pill.querySelector(".avatar");
    const name = pill.textContent.trim().replace(avatar?.textContent.trim(), "").trim();
    if (avatar && !avatar.querySelector("img")) avatar.textContent = name[0];
  }
}

async function letter(file, name, scheme, width) {
  const page = await browser.newPage();
  await page.setViewport({ width, height: 400, deviceScaleFactor: 2 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setContent(await readFile(file, "utf8"));
  await settled(page);
  await page.screenshot({ path: join(out, `${name}.png`), fullPage: true });
  await page.close();
}

// Fonts are there, and nothing has moved for half a second.
async function settled(page) {
  await page.evaluate(() => document.fonts.ready);
  let before = "";
  for (let still = 0; still < 5; ) {
    await new Promise((done) => setTimeout(done, 100));
    const now = await page.screenshot({ encoding: "base64" });
    still = now === before ? still + 1 : 0;
    before = now;
  }
}

function serve(folder) {
  const types = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
  };
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    const file = path === "/" ? "/index.html" : path;
    try {
      const bytes = await readFile(join(folder, file));
      response.setHeader("Content-Type", types[extname(file)] ?? "application/octet-stream");
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}
