import { EventEmitter, on, once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * Stands in for the servers of OpenAI and Anthropic. `next` resolves with what the model is asked, and the
 * test says what it answers: a text, or the name of a tool and what to call it with.
 */
export class Model {
  #events = new EventEmitter();
  #asked = on(this.#events, 'asked');
  #server = createServer(async (request, response) => {
    const asked = JSON.parse(await text(request));
    const { pathname } = new URL(request.url, 'http://localhost');
    const answers = { '/v1/responses': ofOpenAI, '/v1/messages': ofAnthropic };
    if (!answers[pathname]) return response.writeHead(404).end('{}');
    const answer = (...what) => answers[pathname](response, asked, what);
    this.#events.emit('asked', { said: asked.input ?? asked.messages, answer });
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

  async next() {
    const { value } = await this.#asked.next();
    return value[0];
  }
}

let calls = 0;

function ofOpenAI(response, { model }, [name, input]) {
  const id = ++calls;
  const item = input
    ? { type: 'function_call', call_id: `call_${id}`, name, arguments: JSON.stringify(input) }
    : {
        ...{ type: 'message', role: 'assistant' },
        content: [{ type: 'output_text', text: name, annotations: [] }],
      };
  const output = [{ id: `item_${id}`, status: 'completed', ...item }];
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
  response
    .writeHead(200, { 'Content-Type': 'application/json' })
    .end(JSON.stringify({ id: `response_${id}`, object: 'response', model, output, usage }));
}

function ofAnthropic(response, { model }, [name, input]) {
  const id = ++calls;
  const stop_reason = input ? 'tool_use' : 'end_turn';
  const [block, delta] = input
    ? [
        { type: 'tool_use', id: `toolu_${id}`, name: `mcp__list__${name}`, input: {} },
        { type: 'input_json_delta', partial_json: JSON.stringify(input) },
      ]
    : [
        { type: 'text', text: '' },
        { type: 'text_delta', text: name },
      ];
  const message = { id: `msg_${id}`, type: 'message', role: 'assistant', model, content: [] };
  const usage = { input_tokens: 1, output_tokens: 1 };
  const events = [
    { type: 'message_start', message: { ...message, stop_reason: null, usage } },
    { type: 'content_block_start', index: 0, content_block: block },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason }, usage },
    { type: 'message_stop' },
  ];
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (const event of events) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }
  response.end();
}
