import type { EventSchemas, WireData } from './event.js'

/** What a client has to know of a stream: the type of what `eventStream()` returned on the server. */
export interface DeclaredStream {
  readonly schemas: EventSchemas
  readonly final: readonly string[]
}

/** A named event as it arrives. */
export interface ReceivedEvent<Name extends string = string, Data = unknown> {
  readonly event: Name
  readonly data: Data
  /** The id that the server gave this very event. For that of the stream see {@link ClientStream.lastEventId}. */
  readonly id?: string
}

/** Events were missed, and are gone: `requested` is the id from which the client asked to go on, `earliest` the oldest that is left. */
export type ReceivedGap = ReceivedEvent<'stream-gap', { readonly requested: string, readonly earliest: string }>

/** Whatever may arrive of a stream; any event, where no stream is given. */
export type ReceivedEvents<Stream extends DeclaredStream> = string extends keyof Stream['schemas']
  ? ReceivedEvent
  : DeclaredEvents<Stream['schemas']> | ReceivedGap

type DeclaredEvents<Schemas extends EventSchemas> = {
  [Name in keyof Schemas & string]: ReceivedEvent<Name, WireData<Schemas[Name]>>
}[keyof Schemas & string]

/** The data of one event of a stream. */
export type ReceivedData<Stream extends DeclaredStream, Name extends string> =
  Extract<ReceivedEvents<Stream>, { readonly event: Name }> extends never
    ? unknown
    : Extract<ReceivedEvents<Stream>, { readonly event: Name }>['data']

/** The names of a stream's events. */
export type ReceivedName<Stream extends DeclaredStream> = ReceivedEvents<Stream>['event']

/** The names of the events whose data may be raw text: those with a string for their payload. */
export type TextName<Stream extends DeclaredStream> = string extends keyof Stream['schemas']
  ? string
  : { [Name in keyof Stream['schemas'] & string]: WireData<Stream['schemas'][Name]> extends string ? Name : never }[keyof Stream['schemas'] & string]

/**
 * What a stream is at: `connecting` asks the server, `open` has its answer, `waiting` does so until it tries again,
 * `closed` is for good.
 */
export type ClientState = 'connecting' | 'open' | 'waiting' | 'closed'

/** Why a client's stream ended well: the server said that it is complete, or the caller closed it. */
export type ClientEnd = 'complete' | 'closed'

/** A value, or what makes it anew for every connection. */
export type PerConnection<Value> = Value | (() => Value | Promise<Value>)

/** Options of `connect(url, options)`. Wrong ones throw an `EventStreamError` with the code `FST_ERR_SSE_CLIENT_OPTION`. */
export interface ConnectOptions<Stream extends DeclaredStream = DeclaredStream> {
  /** Default: `GET`. */
  method?: string | undefined
  /** Headers, or a function that is called for every connection: for tokens that expire. Default: none but `Accept` and `Last-Event-ID`. */
  headers?: PerConnection<Record<string, string> | Headers> | undefined
  /** A body that can be sent again, or a function that makes one for every connection. Default: none. */
  body?: PerConnection<string | Uint8Array | Blob | FormData | URLSearchParams> | undefined
  /** As for `fetch`. Default: `same-origin`. */
  credentials?: 'omit' | 'same-origin' | 'include' | undefined
  /** Closes the stream. */
  signal?: AbortSignal | undefined
  /** What asks the server. Default: `globalThis.fetch`. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined
  /** Where to begin: the id of the last event that was seen. Default: none. */
  lastEventId?: string | undefined
  /** The names of the events whose data is raw text, of a schema with `contentMediaType`; all others are read as JSON. Default: none. */
  text?: ReadonlyArray<TextName<Stream> | 'message'> | undefined
  /**
   * The names of the events that complete the stream, as the server declares them. With these, a connection that ends
   * without one of them was cut, however it ended. A GET does not need them: its end is marked. Default: none.
   */
  final?: ReadonlyArray<Stream['final'][number]> | undefined
  /**
   * Whether to connect again when a connection breaks, or the server ends it without saying that it is complete.
   * Default: true for GET; false for other methods, whose work the server would do twice.
   */
  reconnect?: boolean | undefined
  /** How many times in a row to try in vain, before the stream fails. Default: `Infinity`. */
  maxRetries?: number | undefined
  /** How long to wait before a reconnect until the server's `retry:` says otherwise, in milliseconds. Default: 2 000. */
  retryMs?: number | undefined
  /**
   * The limit of what attempts that fail add to the wait, in milliseconds: a random part of a time that begins at a second
   * or `retry:`, and doubles with each of them up to this. Default: 30 000.
   */
  maxRetryMs?: number | undefined
  /**
   * Connects again where not one byte came for this long, in milliseconds; the server's heartbeats count. Should be some
   * of its `heartbeatMs`. Default: 45 000. `Infinity`: never.
   */
  staleAfterMs?: number | undefined
  /**
   * Looks at every event before it is handed on, also at those of the plugin itself, whose names begin with `stream-`; it is
   * waited for. What it throws fails the stream. `validator()` of `fastify-typed-sse/client/validate` makes one of schemas.
   * Default: the server is trusted.
   */
  validate?: ((event: ReceivedEvent) => unknown) | undefined
  /** How much of an event to take before its end has come, in UTF-16 code units; more fails the stream. Default: 16 Mi. `Infinity`: any. */
  maxEventLength?: number | undefined
}

/** Options of `connectShared(url, options)`. Those of the page that has the connection hold for all. */
export interface SharedConnectOptions<Stream extends DeclaredStream = DeclaredStream> extends Omit<ConnectOptions<Stream>, 'method' | 'body' | 'reconnect'> {
  /**
   * Whose stream it is: pages share it that give the same name and the same URL. For what depends on who is signed in, that
   * is the user; it has to be said, since pages that share get the same events, whatever their headers and cookies are.
   */
  name: string
}

/**
 * A stream as its client sees it: an async iterable of its events, which can be iterated once; or listen by `on()`.
 * It connects at once, but is read no faster than it is iterated, and only when somebody does that or listens.
 */
export interface ClientStream<Stream extends DeclaredStream = DeclaredStream> extends AsyncIterable<ReceivedEvents<Stream>> {
  /** Listens to the events of one name. Returns what stops it. What a listener throws becomes an unhandled rejection. */
  on: <Name extends ReceivedName<Stream>>(name: Name, listener: (data: ReceivedData<Stream, Name>, event: ReceivedEvent<Name, ReceivedData<Stream, Name>>) => void) => () => void
  readonly state: ClientState
  /** Is told of every new {@link state}. Returns what stops it. */
  onState: (listener: (state: ClientState) => void) => () => void
  /** The id from which the next connection goes on. */
  readonly lastEventId: string | undefined
  /** The error of the last attempt, while the stream waits to try again. */
  readonly lastError: Error | undefined
  /**
   * Resolves when the stream has ended well; rejects with an `EventStreamError` when it failed. Who iterates gets that
   * error there as well; where there are only listeners, it is an unhandled rejection unless this was asked for.
   */
  readonly closed: Promise<ClientEnd>
  /** Ends it. Idempotent. */
  close: () => void
}

/** What went wrong. */
export type EventStreamErrorCode =
  /** An option is wrong. */
  | 'FST_ERR_SSE_CLIENT_OPTION'
  /** The server answered with a status that a reconnect does not heal. */
  | 'FST_ERR_SSE_CLIENT_REFUSED'
  /** The answer is no event stream. */
  | 'FST_ERR_SSE_CLIENT_CONTENT_TYPE'
  /** The connection broke or ended too early, and `reconnect` is false, or `maxRetries` were in vain. `cause` says more. */
  | 'FST_ERR_SSE_CLIENT_CUT'
  /** An event can't be read, is longer than `maxEventLength`, or was refused by `validate`. `cause` says more. */
  | 'FST_ERR_SSE_CLIENT_EVENT'
  /** The stream is iterated a second time, or after its listeners have begun to read it. */
  | 'FST_ERR_SSE_CLIENT_ITERATED'
