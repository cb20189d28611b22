/**
 * The pages in the order of the sidebar: address, title there, and source, seen from the root of the repository.
 * A README that is not there yet has no page.
 */
export const sections = [
  {
    text: 'Begin',
    pages: [
      ['start', 'A bot in five minutes', 'docs/start.md'],
      ['choose', 'Choose a store', 'docs/choose.md'],
      ['session', 'What a session is', 'docs/session.md'],
      ['how-to', 'How do I …', 'docs/how-to.md'],
    ],
  },
  {
    text: 'Understand',
    pages: [
      ['two-writers', 'Two writers at once', 'docs/two-writers.md'],
      ['expiry', 'Expiry', 'docs/expiry.md'],
      ['guarantees', 'Guarantees', 'docs/guarantees.md'],
      ['errors', 'Errors', 'docs/errors.md'],
      ['speed', 'Speed', 'docs/speed.md'],
    ],
  },
  {
    text: 'Stores',
    pages: [
      ['memory', 'Memory', 'packages/memory/README.md'],
      ['file', 'Files', 'packages/file/README.md'],
      ['sqlite', 'SQLite', 'packages/sqlite/README.md'],
      ['mongo', 'MongoDB', 'packages/mongo/README.md'],
      ['postgres', 'PostgreSQL', 'packages/postgres/README.md'],
      ['redis', 'Redis', 'packages/redis/README.md'],
      ['core', 'What all stores have', 'packages/core/README.md'],
    ],
  },
  {
    text: 'Frameworks',
    pages: [
      ['frameworks', 'Which one?', 'docs/frameworks.md'],
      ['grammy', 'grammY', 'packages/grammy/README.md'],
      ['telegraf', 'Telegraf', 'packages/telegraf/README.md'],
      ['bolt', 'Bolt for Slack', 'packages/bolt/README.md'],
      ['express', 'Express', 'packages/express/README.md'],
      ['chat', 'Chat SDK', 'packages/chat/README.md'],
      ['m365', 'Microsoft 365, Teams', 'packages/m365/README.md'],
      ['openai-agents', 'OpenAI Agents', 'packages/openai-agents/README.md'],
      ['claude-agent', 'Claude Agent SDK', 'packages/claude-agent/README.md'],
      ['bot', 'No framework', 'packages/bot/README.md'],
      ['bots', 'Whole bots', 'examples/bots/README.md'],
      ['agents', 'Whole agents', 'examples/agents/README.md'],
    ],
  },
  {
    text: 'More than sessions',
    pages: [
      ['history', 'History', 'packages/history/README.md'],
      ['lease', 'Leases', 'packages/lease/README.md'],
      ['cli', 'The command line', 'packages/cli/README.md'],
    ],
  },
  {
    text: 'Move',
    pages: [
      ['migrate', 'Move to another store', 'docs/migrate.md'],
      ['bottender', 'Come from Bottender', 'packages/bottender/README.md'],
    ],
  },
  {
    text: 'Drivers',
    pages: [
      ['write-a-driver', 'Write a driver', 'packages/core/DRIVERS.md'],
      ['create-driver', 'npm create', 'packages/create-driver/README.md'],
      ['conformance', 'The kit', 'packages/conformance/README.md'],
      ['drivers', 'Community drivers', 'docs/drivers.md'],
      ['leveldb', 'Example: LevelDB', 'examples/drivers/leveldb/README.md'],
      ['lmdb', 'Example: LMDB', 'examples/drivers/lmdb/README.md'],
    ],
  },
  {
    text: 'The project',
    pages: [
      ['releases', 'Releases', 'docs/releases.md'],
      ['contributing', 'Contributing', 'CONTRIBUTING.md'],
      ['security', 'Security', 'SECURITY.md'],
      ['figures', 'All figures of speed', 'tooling/peers/results.md'],
    ],
  },
];

/** Where sections of the root's README are on the site. */
export const moved = {
  'README.md': '/',
  'README.md#which-store': '/choose',
  'README.md#frameworks': '/frameworks',
  'README.md#guarantees': '/guarantees',
  'README.md#speed': '/speed',
  'README.md#work-on-it': '/contributing',
};
