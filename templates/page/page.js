'use strict';
const root = document.documentElement;
root.classList.add('scripted');
const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

// Light or dark: as the system has it, until somebody says otherwise. Storage may be forbidden for a file.
const remembered = { get() { try { return localStorage.getItem('scheme'); } catch { return null; } },
  set(scheme) { try { localStorage.setItem('scheme', scheme); } catch { /* it lasts as long as the page */ } } };
const system = () => (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
if (remembered.get()) root.dataset.scheme = remembered.get();
one('#scheme').addEventListener('click', () => {
  root.dataset.scheme = (root.dataset.scheme || system()) === 'dark' ? 'light' : 'dark';
  remembered.set(root.dataset.scheme);
});

// The filters: `/` goes there, Escape shows all again.
const tiles = all('.tile');
const text = one('#text');
one('.filters').addEventListener('submit', (event) => event.preventDefault());
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
    event.preventDefault();
    text.focus();
  } else if (event.key === 'Escape') {
    one('#reset').click();
  }
});
const words = () => text.value.toLowerCase().split(/\s+/).filter(Boolean);
const filtersChange = (filter) => {
  for (const tile of tiles) {
    tile.addEventListener('click', () => {
      tile.setAttribute('aria-pressed', String(tile.getAttribute('aria-pressed') === 'false'));
      filter();
    });
  }
  text.addEventListener('input', filter);
};
const unpressed = (name) => new Set(tiles.filter((tile) => tile.getAttribute('aria-pressed') === 'false').map((tile) => tile.dataset[name]));
const clearFilters = () => {
  text.value = '';
  for (const tile of tiles) tile.setAttribute('aria-pressed', 'true');
};

// Paper shows everything that is not filtered out.
let closed = [];
addEventListener('beforeprint', () => {
  closed = all('details:not([open])');
  for (const details of closed) details.open = true;
});
addEventListener('afterprint', () => { for (const details of closed) details.open = false; });
