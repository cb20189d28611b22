import { slug } from 'github-slugger';
import { defineConfig } from 'vitepress';
import { packages } from '../build/reference.js';
import { presentSections } from '../build/root.js';
import { wholeNames } from './names.js';
import { readableTables } from './tables.js';

const sidebar = presentSections().map(({ text, pages }) => ({
  text,
  items: pages.map(({ address, title }) => ({ text: title, link: `/${address}` })),
}));
const reference = packages.map((name) => ({ text: `@sessions/${name}`, link: `/api/${name}` }));

export default defineConfig({
  title: '@sessions',
  titleTemplate: ':title · @sessions',
  description: 'Session stores for chat bots: one contract, one package for each backend',
  lang: 'en',
  base: process.env.SITE_BASE ?? '/',
  srcDir: 'generated',
  outDir: 'dist',
  cleanUrls: true,
  head: [
    [
      'link',
      { rel: 'icon', type: 'image/svg+xml', href: `${process.env.SITE_BASE ?? '/'}icon.svg` },
    ],
  ],
  // What the sidebar shows is not loaded before somebody wants it.
  router: { prefetchLinks: false },
  // The index of the search is one file, loaded when somebody searches.
  vite: { build: { assetsInlineLimit: 0, chunkSizeWarningLimit: 1500 } },
  markdown: {
    // Anchors as a forge makes them, so that one link works in both places.
    anchor: { slugify: slug },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (md) => {
      readableTables(md);
      wholeNames(md);
    },
  },
  themeConfig: {
    logo: '/icon.svg',
    nav: [
      { text: 'Begin', link: '/start' },
      { text: 'Stores', link: '/choose' },
      { text: 'Frameworks', link: '/frameworks' },
      { text: 'Errors', link: '/errors' },
      { text: 'Reference', link: '/api/' },
    ],
    sidebar: {
      '/': [...sidebar, { text: 'Reference', link: '/api/' }],
      '/api/': [{ text: 'Reference', items: reference }],
    },
    outline: { level: [2, 3] },
    search: { provider: 'local' },
  },
});
