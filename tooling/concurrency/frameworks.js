/**
 * The frameworks in docs/frameworks.md: the suffix of our package, and what it gives. `counted` are the
 * ways that `frameworks/<adapter>.js` can keep a counter, with the framework's package, `npm`, for its
 * version. Without them there is no count.
 */
export const frameworks = [
  {
    adapter: 'grammy',
    npm: 'grammy',
    title: 'grammY',
    home: 'https://grammy.dev',
    gives: 'a middleware, the storage of `session()`, and `exclusive` to put before it',
    counted: ['own', 'middleware', 'exclusive'],
  },
  {
    adapter: 'telegraf',
    npm: 'telegraf',
    title: 'Telegraf',
    home: 'https://telegraf.js.org',
    gives: 'a middleware, the store of `session()`, and `exclusive` to put before it',
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
    adapter: 'chat',
    title: 'Chat SDK',
    home: 'https://chat-sdk.dev',
    gives: 'its state, and a `setState` that loses no change',
  },
  {
    adapter: 'm365',
    title: 'Microsoft 365 Agents, Teams',
    home: 'https://github.com/microsoft/Agents-for-js',
    gives: 'a `Storage` that compares eTags, and `exclusive`, a middleware',
  },
  {
    adapter: 'bottender',
    title: 'Bottender',
    home: 'https://bottender.js.org',
    gives: 'a command that moves its sessions, and the guide',
  },
];
