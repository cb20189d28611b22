import { readSync } from 'node:fs';
import { open } from 'lmdb';

// Holds the lock on writing until its input ends.
const db = open({ path: process.argv[2], encoding: 'string', keyEncoding: 'binary' });
db.transactionSync(() => {
  console.log('held');
  readSync(0, Buffer.alloc(1));
});
await db.close();
