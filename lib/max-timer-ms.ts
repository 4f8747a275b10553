/** The longest time that a timer of Node.js takes, in milliseconds; beyond it, a timer fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1
