/** What ends what was started: a test, or a program that is none. */
export interface Lifetime { teardown: (end: () => unknown) => void }
