/** The reserved last event ID that says "this stream is complete": who comes back with it has nothing left to read. */
export const END_ID = 'stream-end'
