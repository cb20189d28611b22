/** What is used of `node:sqlite`, which the types of the oldest Node do not know. */
interface Sqlite {
  readonly DatabaseSync: new (
    path: string,
    options: { readOnly: boolean },
  ) => {
    prepare(sql: string): { get(): Record<string, unknown> | undefined };
    close(): void;
  };
}

/** Fails in a Node that has none. */
export function findSqlite(): Sqlite {
  return process.getBuiltinModule('node:sqlite') as unknown as Sqlite;
}
