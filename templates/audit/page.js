(() => {
  'use strict';
  const root = document.documentElement;
  root.classList.add('scripted');
  const one = (selector) => document.querySelector(selector);
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

  // Filters: severity, words, device. They hide; nothing is made.
  const tiles = all('.tile');
  const findings = all('[data-kind="finding"]');
  const users = all('[data-kind="user"]');
  const cards = all('[data-kind="device"]');
  const texts = new Map([...findings, ...users].map((row) => [row, row.textContent.toLowerCase()]));
  const text = one('#text');
  const device = one('#device');

  const fits = (row, words) =>
    (!device.value || row.dataset.device === device.value) && words.every((word) => texts.get(row).includes(word));

  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const off = new Set(tiles.filter((tile) => tile.getAttribute('aria-pressed') === 'false').map((tile) => tile.dataset.severity));
    for (const row of findings) row.hidden = off.has(row.dataset.severity) || !fits(row, words);
    for (const row of users) row.hidden = !fits(row, words);
    for (const card of cards) {
      const own = all('[data-kind="user"]', card);
      card.hidden = (device.value && card.dataset.device !== device.value) || (own.length > 0 && own.every((row) => row.hidden));
    }
    const shown = findings.filter((row) => !row.hidden).length;
    one('#shown').textContent = `${shown} of ${findings.length}`;
    one('#nothing').hidden = shown > 0 || findings.length === 0;
  };

  for (const tile of tiles) {
    tile.addEventListener('click', () => {
      tile.setAttribute('aria-pressed', String(tile.getAttribute('aria-pressed') === 'false'));
      filter();
    });
  }
  const reset = () => {
    text.value = '';
    device.value = '';
    for (const tile of tiles) tile.setAttribute('aria-pressed', 'true');
    filter();
  };
  text.addEventListener('input', filter);
  device.addEventListener('change', filter);
  one('#reset').addEventListener('click', reset);
  one('.filters').addEventListener('submit', (event) => event.preventDefault());
  document.addEventListener('keydown', (event) => {
    if (event.key === '/' && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      event.preventDefault();
      text.focus();
    } else if (event.key === 'Escape') {
      reset();
    }
  });

  for (const button of all('.copy')) {
    button.addEventListener('click', async () => {
      const code = button.parentElement.querySelector('code');
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        // No clipboard for this page: select it, so that the person can copy it.
        getSelection().selectAllChildren(code);
        return;
      }
      button.textContent = 'Copied';
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    });
  }

  // Paper shows everything that is not filtered out.
  let closed = [];
  addEventListener('beforeprint', () => {
    closed = all('details:not([open])');
    for (const details of closed) details.open = true;
  });
  addEventListener('afterprint', () => { for (const details of closed) details.open = false; });
  filter();
})();
