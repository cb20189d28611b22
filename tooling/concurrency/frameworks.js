/**
 * The frameworks in docs/frameworks.md: the suffix of our package, and what it gives. `counted` are the
 * ways that `frameworks/<module>.js`, by default that of the adapter, can keep a counter, if it has one;
 * `npm` is the framework's package, for its version.
 */
export const frameworks = [
  {
    adapter: 'grammy',
    npm: 'grammy',
    title: 'grammY',
    home: 'https://grammy.dev',
    gives: 'a middleware, and its `session()`, with `exclusive`',
    counted: ['own', 'middleware', 'exclusive'],
  },
  {
    adapter: 'telegraf',
    npm: 'telegraf',
    title: 'Telegraf',
    home: 'https://telegraf.js.org',
    gives: 'a middleware, and its `session()`, with `exclusive`',
    counted: ['own', 'middleware', 'exclusive'],
  },
  {
    adapter: 'bolt',
    npm: '@slack/bolt',
    title: 'Bolt for Slack',
    home: 'https://docs.slack.dev/tools/bolt-js',
    gives: 'a middleware, and the store of `convoStore`',
    counted: ['own', 'middleware', 'exclusive'],
  },
  {
    adapter: 'express',
    npm: 'express-session',
    title: 'express-session',
    home: 'https://github.com/expressjs/session',
    gives: 'a `Store` in which a session lives as long as its cookie, and a logout is final',
    counted: ['own', 'middleware'],
  },
  {
    adapter: 'openai-agents',
    title: 'OpenAI Agents',
    home: 'https://openai.github.io/openai-agents-js/',
    gives: 'its `Session`: each item exactly once',
  },
  {
    adapter: 'claude-agent',
    title: 'Claude Agent SDK',
    home: 'https://github.com/anthropics/claude-agent-sdk-typescript',
    gives: 'its `SessionStore`: each entry of a transcript once',
  },
  {
    adapter: 'chat',
    npm: 'chat',
    title: 'Chat SDK',
    home: 'https://chat-sdk.dev',
    gives: 'its state, a `setState` that loses no change, and `exclusive`',
    counted: ['own', 'middleware', 'exclusive'],
  },
  {
    adapter: 'm365',
    npm: '@microsoft/agents-hosting',
    title: 'Microsoft 365 Agents',
    home: 'https://github.com/microsoft/Agents-for-js',
    gives: 'a `Storage` that compares versions (eTags), and `exclusive`',
    counted: ['own', 'exclusive'],
  },
  {
    adapter: 'm365',
    module: 'teams',
    npm: '@microsoft/teams.apps',
    title: 'Teams',
    home: 'https://github.com/microsoft/teams.ts',
    gives: 'the storage of its state, and `exclusive`',
    counted: ['own', 'exclusive'],
  },
  {
    adapter: 'bottender',
    npm: 'bottender',
    title: 'Bottender',
    home: 'https://bottender.js.org',
    gives: 'a command that moves its sessions, and the guide',
    counted: ['own', 'exclusive'],
  },
];
