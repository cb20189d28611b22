const HIDDEN = '***';
const SHORTEST = 4; // a shorter one would be found in ordinary words
const SECRET = /pass|pwd|secret|token|authMechanismProperties/i;

/** Takes passwords out of what is shown. */
export class Secrets {
  readonly #known = new Set<string>();

  /** Remembers what is secret in the text of a store. */
  learn(text: string): void {
    const [, userinfo = ''] = /^[^:]*:\/\/(.*)@/s.exec(text) ?? [];
    const password = userinfo.slice(userinfo.indexOf(':') + 1);
    const query = text.slice(text.indexOf('?') + 1);
    const values = text.includes('?')
      ? [...new URLSearchParams(query)].filter(([name]) => SECRET.test(name)).map(([, v]) => v)
      : [];
    for (const secret of [userinfo, password, ...values]) {
      for (const form of [secret, decoded(secret), encodeURIComponent(secret)]) {
        if (form.length >= SHORTEST) this.#known.add(form);
      }
    }
  }

  hide(text: string): string {
    let shown = text
      .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*(?:@[^\s/?#@]*)*@/gi, `$1${HIDDEN}@`)
      .replace(/([?&][^=&\s]*(?:pass|pwd|secret|token)[^=&\s]*=)[^&\s]+/gi, `$1${HIDDEN}`);
    for (const secret of [...this.#known].sort((a, b) => b.length - a.length)) {
      shown = shown.replaceAll(secret, HIDDEN);
    }
    return shown;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
