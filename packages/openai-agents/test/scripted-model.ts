import {
  type AgentInputItem,
  type Model,
  type ModelRequest,
  type ModelResponse,
  type StreamEvent,
  Usage,
} from '@openai/agents';

type Answer = string | ModelResponse['output'];

/**
 * A model that says what a script says: `answer` gets the items of a request, and makes the output, or
 * the text of a message.
 */
export class ScriptedModel implements Model {
  /** The items of each request. */
  readonly requests: AgentInputItem[][] = [];
  readonly #answer: (items: AgentInputItem[]) => Answer;

  constructor(answer: (items: AgentInputItem[]) => Answer) {
    this.#answer = answer;
  }

  async getResponse({ input }: ModelRequest): Promise<ModelResponse> {
    const items = structuredClone(input) as AgentInputItem[];
    this.requests.push(items);
    const answer = this.#answer(items);
    return { usage: new Usage(), output: typeof answer === 'string' ? [message(answer)] : answer };
  }

  async *getStreamedResponse(request: ModelRequest): AsyncIterable<StreamEvent> {
    const { output } = await this.getResponse(request);
    const usage = { inputTokens: 0, outputTokens: 0, totalTokens: 0 };
    yield { type: 'response_done', response: { id: 'response', usage, output } } as StreamEvent;
  }
}

const message = (text: string): ModelResponse['output'][number] => ({
  ...{ type: 'message', role: 'assistant', status: 'completed' },
  content: [{ type: 'output_text', text }],
});
