import type {
  AgentInputItem,
  SessionHistoryTransaction,
  SessionHistoryTransactionArgs,
} from '@openai/agents';
import { MemorySession, UserError } from '@openai/agents';

export interface Plan {
  readonly operationId: string;
  /** Text that is the same for the same transaction. */
  readonly transaction: string;
  /** What has to be at the end, to be replaced. */
  readonly expected: readonly AgentInputItem[];
  readonly items: readonly AgentInputItem[];
}

/** What a transaction does. The SDK's session in memory throws for one that is not right. */
export async function planned(args: SessionHistoryTransactionArgs): Promise<Plan> {
  const { operationId, transaction } = envelope(args);
  const tried = async (each: SessionHistoryTransaction) => {
    const memory = new MemorySession();
    await memory.applyHistoryTransaction({ operationId, transaction: each });
    return memory.getItems();
  };
  if (transaction?.type !== 'replace_suffix') {
    const items = await tried(transaction);
    return { operationId, transaction: canonical(items), expected: [], items };
  }
  const { type, expectedSuffix, replacement, ...rest } = transaction;
  const lists = [expectedSuffix, replacement];
  if (Object.keys(rest).length > 0 || !lists.every(Array.isArray)) {
    throw new UserError('Session history suffix transaction fields are invalid.');
  }
  const tries = lists.map((items) => tried({ type: 'append_items', items }));
  const [expected = [], items = []] = await Promise.all(tries);
  return { operationId, transaction: canonical([type, expected, items]), expected, items };
}

/** Each member is read once, as it may be an accessor. */
function envelope(args: SessionHistoryTransactionArgs): SessionHistoryTransactionArgs {
  try {
    const { operationId, transaction } = args;
    return { operationId, transaction };
  } catch {
    throw new UserError('Session history transaction arguments are invalid.');
  }
}

/** JSON text that does not depend on the order of members. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, member) => {
    if (member === null || typeof member !== 'object' || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
