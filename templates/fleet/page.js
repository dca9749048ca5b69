// The devices as rows with a bar each. Only what can be seen is made: there may be thousands.
const HEIGHT = 28;
const PRINTED = 400;
const told = JSON.parse(one('#told').textContent);
const [NAME, END, CLASS, MESSAGE, ABOUT, SPANS] = [0, 1, 2, 3, 4, 5];
const devices = told.devices.map((row, place) => {
  const spans = row[SPANS];
  const from = spans.length ? spans[1] : 0;
  const to = spans.length ? spans[spans.length - 1] : 0;
  const failed = row[CLASS] < 0 ? '' : told.classes[row[CLASS]];
  const [end, endName, tone] = told.ends[row[END]];
  const search = [row[NAME], endName, failed, row[MESSAGE], row[ABOUT]].join(' ').toLowerCase();
  return { place, name: row[NAME], rank: row[END], end, endName, tone, failed, message: row[MESSAGE], about: row[ABOUT],
    spans, from, to, took: to - from, search };
});
const rows = one('#rows');
const view = one('#view');
const sort = one('#sort');
const scale = one('#scale');
const chosen = one('#chosen');
const failures = all('[data-kind="failure"]').map((row) => [row, row.textContent.toLowerCase()]);
let shown = devices;
let current = null;

const lasting = (ms) => {
  const s = Math.floor(ms / 1000);
  if (s < 10) return `${(ms / 1000).toFixed(1)} s`;
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
};
const made = (tag, className, content) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (content !== undefined) element.textContent = content;
  return element;
};
const how = (device) => (device.failed && device.failed !== device.endName && device.end === 'failed' ? device.failed : device.endName);
// The time that the bars stand in: of all of the run, of what can be seen, or of the longest.
const range = (seen) => {
  const worked = (scale.value === 'seen' ? seen : shown).filter((device) => device.spans.length);
  if (scale.value === 'own') return { from: 0, length: worked.reduce((most, device) => Math.max(most, device.took), 1) };
  if (scale.value === 'run' || !worked.length) return { from: 0, length: Math.max(told.elapsed, 1) };
  const from = worked.reduce((least, device) => Math.min(least, device.from), Infinity);
  const to = worked.reduce((most, device) => Math.max(most, device.to), 0);
  return { from, length: Math.max(to - from, 1) };
};

const bar = (device, time) => {
  const track = made('span', 'track');
  if (!device.spans.length) return track;
  const work = made('span', `work${told.bad.includes(device.end) ? ` bad ${device.tone}` : ''}`);
  work.style.left = `${scale.value === 'own' ? 0 : Math.min((device.from - time.from) / time.length * 100, 99.5)}%`;
  work.style.width = `${device.took / time.length * 100}%`;
  for (let at = 0; at < device.spans.length; at += 3) {
    const piece = made('i', told.phases[device.spans[at]][0]);
    piece.style.flexGrow = String(Math.max(device.spans[at + 2] - device.spans[at + 1], 0));
    work.append(piece);
  }
  track.append(work);
  return track;
};
const line = (device, time) => {
  const row = made('div', `line ${device.tone}`);
  row.setAttribute('role', 'listitem');
  row.setAttribute('aria-setsize', shown.length);
  row.dataset.kind = 'device';
  row.dataset.place = device.place;
  if (device === current) row.setAttribute('aria-current', 'true');
  const name = made('button', 'name', device.name);
  name.type = 'button';
  name.title = device.name;
  const ended = made('span', 'how');
  ended.append(made('span', '', how(device)), made('span', '', device.spans.length ? lasting(device.took) : '–'));
  row.append(name, bar(device, time), ended);
  return row;
};

const axis = ({ from, length }) => {
  one('#axis').replaceChildren(...[0, .25, .5, .75, 1].map((part) => made('span', '', lasting(from + length * part))));
};
const draw = (first, count) => {
  const seen = shown.slice(first, first + count);
  const time = range(seen);
  axis(time);
  view.style.transform = `translateY(${first * HEIGHT}px)`;
  view.replaceChildren(...seen.map((device) => line(device, time)));
};
const scrolled = () => {
  const first = Math.max(Math.floor(rows.scrollTop / HEIGHT) - 1, 0);
  draw(first, Math.ceil(rows.clientHeight / HEIGHT) + 2);
};

const orders = {
  inventory: (a, b) => a.place - b.place,
  start: (a, b) => !a.spans.length - !b.spans.length || a.from - b.from || a.place - b.place,
  duration: (a, b) => b.took - a.took || a.place - b.place,
  end: (a, b) => told.worst.indexOf(a.end) - told.worst.indexOf(b.end) || a.failed.localeCompare(b.failed) || a.place - b.place,
};
const filter = () => {
  const wanted = words();
  const off = unpressed('end');
  shown = devices.filter((device) => !off.has(device.end) && wanted.every((word) => device.search.includes(word)));
  shown.sort(orders[sort.value]);
  for (const [row, content] of failures) row.hidden = !wanted.every((word) => content.includes(word));
  one('#shown').textContent = `${shown.length} of ${devices.length}`;
  one('#nothing').hidden = shown.length > 0;
  one('#space').style.height = `${shown.length * HEIGHT}px`;
  rows.scrollTop = 0;
  scrolled();
};

const choose = (device) => {
  current = device;
  chosen.hidden = !device;
  if (!device) return;
  const title = made('div', 'title');
  title.append(made('h3', '', device.name), made('span', `mark ${device.tone}`, device.failed ? `${device.endName}: ${device.failed}` : device.endName));
  const list = made('ul');
  for (let at = 0; at < device.spans.length; at += 3) {
    const [className, name] = told.phases[device.spans[at]];
    const item = made('li', '', `${name} ${lasting(device.spans[at + 2] - device.spans[at + 1])}`);
    item.prepend(made('i', `key ${className}`));
    list.append(item);
  }
  chosen.replaceChildren(title, made('p', 'what', device.message), made('p', 'quiet', device.about), list);
};
view.addEventListener('click', (event) => {
  const row = event.target.closest('.line');
  if (!row) return;
  const again = current && current.place === Number(row.dataset.place);
  choose(again ? null : devices[Number(row.dataset.place)]);
  for (const other of all('.line', view)) other.toggleAttribute('aria-current', false);
  if (!again) row.setAttribute('aria-current', 'true');
});

filtersChange(filter);
sort.addEventListener('change', filter);
scale.addEventListener('change', filter);
rows.addEventListener('scroll', () => requestAnimationFrame(scrolled), { passive: true });
addEventListener('resize', scrolled);
one('#reset').addEventListener('click', () => {
  clearFilters();
  sort.value = 'inventory';
  scale.value = 'seen';
  choose(null);
  filter();
});
addEventListener('beforeprint', () => {
  draw(0, PRINTED);
  one('#cut').hidden = shown.length <= PRINTED;
  one('#cut').textContent = `The first ${PRINTED} of ${shown.length}; a filter prints others.`;
});
addEventListener('afterprint', () => {
  one('#cut').hidden = true;
  scrolled();
});
filter();
