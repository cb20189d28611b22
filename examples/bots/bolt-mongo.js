// Takes orders for lunch in a channel of Slack: `lunch pizza` orders, `lunch?` lists, and by tomorrow
// all is forgotten.
import { conversation } from '@sessions/bolt';
import { MongoSessionStore } from '@sessions/mongo';
import { App } from '@slack/bolt';

const { MONGO_URL, PORT = 3000, SLACK_API, SLACK_BOT_TOKEN, SLACK_SIGNING_SECRET } = process.env;
const HOURS = 60; // minutes

const place = { collectionName: 'lunch' };
const store = await new MongoSessionStore(MONGO_URL, place, 12 * HOURS).init();
const app = new App({
  token: SLACK_BOT_TOKEN,
  signingSecret: SLACK_SIGNING_SECRET,
  clientOptions: { slackApiUrl: SLACK_API },
  convoStore: false, // ours takes its place
  processBeforeResponse: true, // Slack hears that an event has come once all is stored
});
app.use(conversation(store));

app.message(/^lunch (.+)/i, async ({ context, message, say }) => {
  context.conversation.setState({ [message.user]: context.matches[1] });
  await say('Noted');
});
app.message(/^lunch\?/i, async ({ context, say }) => {
  const orders = Object.entries(context.conversation.state);
  await say(orders.map(([user, dish]) => `<@${user}>: ${dish}`).join('\n') || 'Nobody is hungry');
});
app.error(async (error) => console.error(error));

const server = await app.start(PORT);
console.log(`listening on port ${server.address().port}`);

process.once('SIGTERM', async () => {
  await app.stop();
  await store.close();
});
