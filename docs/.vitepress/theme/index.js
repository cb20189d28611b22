import { Content, withBase } from 'vitepress';
import DefaultTheme, { VPHomeFeatures, VPHomeHero } from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import './style.css';

// The home page of the default theme, and `main` around it for those who hear the page.
const Landing = () =>
  h('main', { class: 'landing' }, [
    h(VPHomeHero),
    h(VPHomeFeatures),
    h('div', { class: 'vp-doc' }, h(Content)),
  ]);

const Lost = () =>
  h('main', { class: 'landing' }, [
    h('div', { class: 'vp-doc' }, [
      h('h1', 'There is no such page'),
      h('p', ['Search for it, or go to ', h('a', { href: withBase('/') }, 'the first page'), '.']),
    ]),
  ]);

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { 'not-found': Lost }),
  enhanceApp: ({ app }) => app.component('Landing', Landing),
};
