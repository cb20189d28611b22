import type { Capabilities } from '@sessions/core';
import type { BasicTrial, Trial } from './trial.ts';

/** One promise: the words that a failing line shows, and how it is checked. */
export interface Promised {
  readonly text: string;
  isMadeWith(capabilities: Capabilities | undefined): boolean;
  check(trial: Trial): Promise<void>;
}

type Check<T = Trial> = (trial: T) => Promise<void>;

/** Made by five-method stores too, which declare no capabilities. */
export function everyStore(text: string, check: Check<BasicTrial>): Promised {
  return { text, check, isMadeWith: () => true };
}

export function fullStores(text: string, check: Check): Promised {
  return { text, check, isMadeWith: (capabilities) => capabilities !== undefined };
}

/** Made by stores whose sessions outlive them. */
export function lastingStores(text: string, check: Check): Promised {
  return {
    text,
    check,
    isMadeWith: (capabilities) => capabilities !== undefined && capabilities.survives !== 'nothing',
  };
}

/** Made by stores that share a backend with other processes. */
export function sharedStores(text: string, check: Check): Promised {
  return {
    text,
    check,
    isMadeWith: (capabilities) =>
      capabilities !== undefined && capabilities.compareAndSet !== 'process',
  };
}

/** Made by stores that share a backend with other processes on one machine only. */
export function hostStores(text: string, check: Check): Promised {
  return { text, check, isMadeWith: (capabilities) => capabilities?.compareAndSet === 'host' };
}

/** Made by stores whose backend is reached through a network. */
export function remoteStores(text: string, check: Check): Promised {
  return { text, check, isMadeWith: (capabilities) => capabilities?.compareAndSet === 'cluster' };
}
