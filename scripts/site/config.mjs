// VitePress' configuration of the site; build.mjs puts the list of pages beside it.
import { readFileSync } from "node:fs";

const { sidebar, repository } = JSON.parse(
  readFileSync(new URL("./site.json", import.meta.url), "utf8"),
);

/** @type {import("vitepress").UserConfig} */
export default {
  title: "stowage",
  description:
    "Packs token sequences for language-model training, and proves how close to optimal it is.",
  // Where the site is published: GitHub Pages serves a project below its name.
  base: process.env.STOWAGE_SITE_BASE ?? "/",
  cleanUrls: true,
  // The search index is one file.
  vite: { logLevel: "warn", build: { chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    sidebar,
    nav: [
      { text: "Guide", link: "/from-text" },
      { text: "Reference", link: "/reference/" },
      { text: "A report", link: "/a-report.html", target: "_self" },
    ],
    search: { provider: "local" },
    socialLinks: [{ icon: "github", link: repository }],
    outline: [2, 3],
  },
};
