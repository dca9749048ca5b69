// Filters: severity, words, device. They hide; nothing is made.
const findings = all('[data-kind="finding"]');
const users = all('[data-kind="user"]');
const cards = all('[data-kind="device"]');
const texts = new Map([...findings, ...users].map((row) => [row, row.textContent.toLowerCase()]));
const device = one('#device');

const fits = (row, wanted) =>
  (!device.value || row.dataset.device === device.value) && wanted.every((word) => texts.get(row).includes(word));

const filter = () => {
  const wanted = words();
  const off = unpressed('severity');
  for (const row of findings) row.hidden = off.has(row.dataset.severity) || !fits(row, wanted);
  for (const row of users) row.hidden = !fits(row, wanted);
  for (const card of cards) {
    const own = all('[data-kind="user"]', card);
    card.hidden = (device.value && card.dataset.device !== device.value) || (own.length > 0 && own.every((row) => row.hidden));
  }
  const shown = findings.filter((row) => !row.hidden).length;
  one('#shown').textContent = `${shown} of ${findings.length}`;
  one('#nothing').hidden = shown > 0 || findings.length === 0;
};

filtersChange(filter);
device.addEventListener('change', filter);
one('#reset').addEventListener('click', () => {
  clearFilters();
  device.value = '';
  filter();
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
filter();
