// A bot on a web page, which knows its visitors again. It keeps them in files, Redis or MongoDB,
// whatever STORE names.
import { ExpressStore } from '@sessions/express';
import { FileSessionStore } from '@sessions/file';
import { MongoSessionStore } from '@sessions/mongo';
import { RedisSessionStore } from '@sessions/redis';
import express from 'express';
import session from 'express-session';

const { PORT = 3000, SECRET, STORE = './visitors' } = process.env;
const DAY = 24 * 60 * 60 * 1000; // milliseconds

const store = open(STORE);
await store.init();
const app = express();
app.use(express.urlencoded());
app.use(
  session({
    store: new ExpressStore(store),
    secret: SECRET,
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 30 * DAY, sameSite: 'lax' },
  }),
);

app.get('/', (request, response) => {
  const { name } = request.session;
  say(response, name ? `Welcome back, ${name}` : 'Hi, what is your name?');
});
app.post('/', (request, response) => {
  const name = String(request.body?.text ?? 'stranger');
  request.session.name = name;
  say(response, `Hello ${name}`);
});
app.get('/forget', (request, response, next) => {
  request.session.destroy((error) => (error ? next(error) : say(response, 'Who are you?')));
});

const server = app.listen(PORT, () => console.log(`listening on port ${server.address().port}`));

process.once('SIGTERM', () => server.close(() => store.close()));

function open(where) {
  if (where.startsWith('redis')) return new RedisSessionStore(where, { prefix: 'visitors:' });
  if (!where.startsWith('mongodb')) return new FileSessionStore(where);
  return new MongoSessionStore(where, { collectionName: 'visitors' });
}

function say(response, text) {
  const safe = text.replace(/[&<]/g, (character) => `&#${character.charCodeAt()};`);
  response.send(`<p>${safe}</p><form method="post"><input name="text" autofocus></form>`);
}
