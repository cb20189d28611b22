/**
 * The frameworks in docs/frameworks.md: the suffix of our package, the framework's own one, and what
 * ours gives. `counted` are the ways that `frameworks/<adapter>.js` can keep a counter; without it there
 * is no count.
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
];
