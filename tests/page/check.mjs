// Looks at the page in a real browser, on a desktop and on a phone, with JavaScript and without,
// and prints what it saw as one JSON object. It judges nothing: tests/acceptance/page.rs does.
//
// usage: NODE_PATH=FOLDER/node_modules node check.mjs URL OUT_FOLDER
//
// FOLDER is where `npm ci` was run on the package.json beside this file; OUT_FOLDER receives
// desktop.png, phone.png and print.pdf. Exit 0 when it could look, whatever it saw.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const VIEWPORTS = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};
// WCAG 2.2 AA and what it builds on, and the practices that axe-core adds of its own.
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];

const [url, folder] = process.argv.slice(2);
if (!url || !folder) {
  console.error("usage: node check.mjs URL OUT_FOLDER");
  process.exit(2);
}
// Unlike `import`, `require` finds packages by NODE_PATH, so that none need lie in the checkout.
const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

/** What the page says: the text that is seen, the measured cells of each table, the charts that are seen. */
function readPage() {
  const cell = ({ dataset }) => ({
    month: dataset.month,
    series: dataset.series ?? null,
    value: dataset.value ?? null,
    status: dataset.status ?? null,
    signal: dataset.signal ?? null,
  });
  const tables = {};
  for (const table of document.querySelectorAll("table[data-kpi]")) {
    const cells = [...table.querySelectorAll("[data-month]")].map(cell);
    tables[table.dataset.kpi] = [...(tables[table.dataset.kpi] ?? []), ...cells];
  }
  // A chart may be there in a form for each kind of screen, of which the others are hidden.
  const drawn = [...document.querySelectorAll("svg[data-kpi]")].filter((chart) => chart.checkVisibility());
  const charts = drawn.map((chart) => {
    const { width, height } = chart.getBoundingClientRect();
    return { kpi: chart.dataset.kpi, width, height };
  });
  const strays = document.querySelectorAll(":not(table[data-kpi] *)[data-month]").length;
  return { title: document.title, text: document.body.innerText, tables, charts, strays };
}

/** How wide the page is, and which elements reach beyond its edge without a box that scrolls them. */
function readWidth() {
  const { scrollWidth, clientWidth } = document.documentElement;
  const isScrolled = (element) => {
    for (let box = element.parentElement; box && box !== document.body; box = box.parentElement) {
      if (getComputedStyle(box).overflowX !== "visible") return true;
    }
    return false;
  };
  const reachesOut = (element) => element.getBoundingClientRect().right > clientWidth + 1;
  const beyond = [...document.body.querySelectorAll("*")].filter((element) => reachesOut(element) && !isScrolled(element));
  const name = (element) => `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""}`;
  return { scroll_width: scrollWidth, client_width: clientWidth, beyond_the_edge: beyond.slice(0, 10).map(name) };
}

async function violations(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate((values) => axe.run({ runOnly: { type: "tag", values } }), RULES);
  const where = ({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary.replace(/\s+/g, " ")}`;
  return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(where) }));
}

/** Opens the page and notes in `seen` whatever goes wrong on the way. */
async function open(browser, name, options, seen) {
  const context = await browser.newContext({ ...VIEWPORTS[name], ...options });
  const page = await context.newPage();
  const note = (list, text) => seen[list].push(`${name}: ${text}`);
  page.on("console", (line) => {
    if (["error", "warning"].includes(line.type())) note("console", `${line.type()}: ${line.text()}`);
  });
  page.on("pageerror", (error) => note("console", `exception: ${error.message}`));
  page.on("requestfailed", (request) => note("failed_requests", `${request.url()}: ${request.failure()?.errorText}`));
  page.on("response", (response) => {
    if (response.status() >= 400) note("failed_requests", `${response.url()}: ${response.status()}`);
  });
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== "data:" && origin !== new URL(url).origin) note("foreign_requests", request.url());
  });
  await page.goto(url, { waitUntil: "networkidle" });
  return page;
}

/** Looks once with JavaScript and once without; says what they show and whether it is the same. */
async function look(browser, name, seen) {
  const page = await open(browser, name, {}, seen);
  const shown = await page.evaluate(readPage);
  const axeViolations = await violations(page);
  const width = await page.evaluate(readWidth);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  if (name === "desktop") await page.pdf({ path: join(folder, "print.pdf"), format: "A4", printBackground: true });
  await page.context().close();
  const plain = await open(browser, name, { javaScriptEnabled: false }, seen);
  const same = JSON.stringify(await plain.evaluate(readPage)) === JSON.stringify(shown);
  await plain.context().close();
  return { ...shown, axe: axeViolations, ...width, same_without_javascript: same };
}

mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
try {
  const seen = { console: [], failed_requests: [], foreign_requests: [] };
  const desktop = await look(browser, "desktop", seen);
  const phone = await look(browser, "phone", seen);
  console.log(JSON.stringify({ ...seen, desktop, phone }, null, 1));
} finally {
  await browser.close();
}
