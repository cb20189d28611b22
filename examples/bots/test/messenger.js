import { EventEmitter, on, once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/** A chat that takes no message: the person has blocked the bot. */
export const BLOCKED = 403;

/** Stands in for the servers of Telegram and Slack: hands over messages, and gets those of the bot. */
export class Messenger {
  #updates = [];
  #events = new EventEmitter();
  #sent = on(this.#events, 'sent');
  #server = createServer(async (request, response) => {
    const method = request.url.split('/').at(-1);
    const body = await text(request);
    const isJson = request.headers['content-type']?.includes('json');
    const call = isJson ? JSON.parse(body) : Object.fromEntries(new URLSearchParams(body));
    const answer = { ok: true, ...(await this.#answer(method, call)) };
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
  });

  async start(test) {
    test.after(() => {
      this.#server.close();
      this.#server.closeAllConnections();
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  /** Puts a message where a bot that asks for updates gets it. */
  send(words, chat) {
    this.#updates.push(update(words, chat));
    this.#events.emit('update');
  }

  /** The next message that the bot has sent. */
  async next() {
    const { value } = await this.#sent.next();
    return value[0];
  }

  async #answer(method, call) {
    if (method === 'getMe') {
      return { result: { id: 1, is_bot: true, first_name: 'Bot', username: 'bot' } };
    }
    if (method === 'auth.test') return { user_id: 'U1', bot_id: 'B1', team_id: 'T1' };
    if (method === 'getUpdates') {
      // Asking for later ones tells that the earlier ones have come.
      this.#updates = this.#updates.filter(({ update_id }) => update_id >= (call.offset ?? 0));
      if (this.#updates.length === 0 && call.timeout) await once(this.#events, 'update');
      return { result: this.#updates };
    }
    if (call.chat_id === BLOCKED) return { ok: false, error_code: 403, description: 'Forbidden' };
    if (/^(sendMessage|chat.postMessage)$/.test(method)) this.#events.emit('sent', call.text);
    return { result: true };
  }
}

let update_id = 0;

/** What Telegram sends of a message in a private chat. */
export function update(words, chat) {
  const [command] = /^\/\w+/.exec(words) ?? [];
  const entities = command && [{ type: 'bot_command', offset: 0, length: command.length }];
  const from = { id: chat, is_bot: false, first_name: 'Ada' };
  const message_id = ++update_id;
  const message = { message_id, date: 0, chat: { id: chat, type: 'private' }, from, text: words };
  return { update_id, message: { ...message, ...(entities && { entities }) } };
}
