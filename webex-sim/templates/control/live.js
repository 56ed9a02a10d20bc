'use strict';
(() => {
  const main = document.querySelector('main');
  const live = document.getElementById('live');
  const said = document.getElementById('said');
  let changes = 0; // by this page: what was asked before them is old
  const pause = ms => new Promise(done => setTimeout(done, ms));
  const parse = text => new DOMParser().parseFromString(text, 'text/html');
  const say = text => { if (live.textContent !== text) live.textContent = text; };

  // Makes `old` like `next` and keeps every node it can: with it focus, typed text, open details and the scroll position.
  const morph = (old, next) => {
    for (const { name, value } of next.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    for (const { name } of [...old.attributes]) if (name !== 'open' && !next.hasAttribute(name)) old.removeAttribute(name);
    let at = old.firstChild;
    for (const child of [...next.childNodes]) {
      const same = child.id ? [...old.children].find(own => own.id === child.id) : at;
      if (same && same.nodeName === child.nodeName && same.id === child.id) {
        while (at && at !== same) { const gone = at; at = at.nextSibling; gone.remove(); }
        if (child.nodeType === Node.TEXT_NODE) { if (same.data !== child.data) same.data = child.data; }
        else if (child.nodeType === Node.ELEMENT_NODE && !('loaded' in same.dataset)) morph(same, child);
        at = same.nextSibling;
      } else old.insertBefore(child, at);
    }
    while (at) { const gone = at; at = at.nextSibling; gone.remove(); }
  };

  const show = page => {
    if (!page.querySelector('main[data-latest]')) throw new Error('this is not the page');
    for (const part of page.querySelectorAll('[data-live]')) morph(document.getElementById(part.id), part);
    main.dataset.latest = page.querySelector('main').dataset.latest;
  };

  document.addEventListener('submit', async event => {
    const form = event.target, button = event.submitter;
    if (form.getAttribute('method') !== 'post') return;
    event.preventDefault();
    const section = form.closest('section');
    const to = button?.getAttribute('formaction') || form.getAttribute('action');
    changes += 1;
    try {
      const answer = await fetch(to + location.search, { method: 'POST', body: new URLSearchParams(new FormData(form, button)) });
      changes += 1;
      const page = parse(await answer.text());
      show(page);
      said.replaceChildren(...page.getElementById('said').childNodes);
      if (!said.querySelector('.wrong')) form.reset();
      if (document.activeElement === document.body) section?.querySelector('h2').focus();
    } catch { said.textContent = 'The simulator does not answer.'; }
  });

  // The exchange of a journal entry is fetched when it is opened.
  document.addEventListener('toggle', async event => {
    const entry = event.target;
    if (!entry.open || !entry.dataset.from || 'loaded' in entry.dataset) return;
    try {
      const article = parse(await (await fetch(entry.dataset.from)).text()).querySelector('article');
      if (article) { entry.querySelector('.exchange').replaceChildren(...article.childNodes); entry.dataset.loaded = ''; }
    } catch { /* the link is still there */ }
  }, true);

  (async () => {
    const here = new URL(location);
    here.searchParams.delete('note');
    history.replaceState(null, '', here);
    for (;;) {
      if (document.hidden) await new Promise(done => document.addEventListener('visibilitychange', done, { once: true }));
      try {
        await fetch(`${main.dataset.api}/journal/wait?timeout_ms=2000&after=${main.dataset.latest}`);
        const before = changes, answer = await fetch(here);
        if (answer.redirected) return location.assign(answer.url);
        const page = parse(await answer.text());
        if (before === changes && !document.hidden) show(page);
        say('live');
      } catch { say('no connection'); await pause(2000); }
      await pause(250);
    }
  })();
})();
