// Elements without HTML: whatever a session holds becomes text.

/**
 * An element with properties (`on…` are listeners, `class` and names with `-` attributes) and children.
 * @param {string} name
 * @param {Record<string, any>} [properties]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function h(name, properties = {}, ...children) {
  const element = /** @type {any} */ (document.createElement(name));
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (key in element && key !== 'role') element[key] = value;
    else element.setAttribute(key === 'class' ? 'class' : key, String(value));
  }
  for (const child of children) if (child || child === '') element.append(child);
  return element;
}

/**
 * @param {string} id
 * @returns {any}
 */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * Tells those who do not see the page.
 * @param {string} text
 */
export function say(text) {
  byId('said').textContent = text;
}

/**
 * A question with two answers; the safe one has the focus.
 * @param {string} title
 * @param {string} text
 * @param {string} yes
 * @returns {Promise<boolean>}
 */
export function confirm(title, text, yes) {
  const dialog = byId('question');
  const end = (/** @type {string} */ value) => () => dialog.close(value);
  dialog.returnValue = '';
  dialog.replaceChildren(
    h('h2', { id: 'asked' }, title),
    h('p', {}, text),
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', onclick: end(''), autofocus: true }, 'Cancel'),
      h('button', { type: 'button', class: 'danger', onclick: end('yes') }, yes),
    ),
  );
  dialog.showModal();
  return new Promise((resolve) => {
    const closed = () => {
      dialog.replaceChildren();
      resolve(dialog.returnValue === 'yes');
    };
    dialog.addEventListener('close', closed, { once: true });
  });
}
