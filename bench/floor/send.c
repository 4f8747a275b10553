// The floor below Node.js: accepts connections, answers with the head of a response, and sends chunks that are there already,
// each by one send(). It knows no HTTP but these bytes. Linux only, for epoll.
//
//   send <events that are prebuilt for one stream> <events per chunk>
//
// It is told what to do as the servers of the benchmark in Node.js are: by lines of JSON over the socket NODE_CHANNEL_FD, each
// of which it answers with one. Whoever asks for /?events=3 gets three events; who asks for / gets what is published.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_EVENT = 96, MAX_REQUEST = 1024, MAX_FD = 1 << 20, BACKLOG = 1024, BATCH = 64 };

static const char HEAD[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
  "transfer-encoding: chunked\r\n\r\n";
static const char LAST_CHUNK[] = "0\r\n\r\n";

struct client { int length, subscriber; char request[MAX_REQUEST]; };
struct chunk { char *bytes; size_t length; };

static struct client **clients; // by file descriptor
static int *subscribers; // file descriptors
static int subscriber_count, connections, awaited = -1;
static int poller, listener, channel;
static long per_chunk;
static struct chunk *prebuilt;
static long prebuilt_count;
static char *scratch; // one chunk

static void fail (const char *what) {
  fprintf(stderr, "Error: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void *reserve (size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (memory == NULL) fail("calloc");
  return memory;
}

// An event of the benchmark. JavaScript writes a price in cents without the zeros at its end.
static int frame (char *to, long i) {
  char value[32];
  if (i % 100 == 0) sprintf(value, "%ld", i / 100);
  else if (i % 10 == 0) sprintf(value, "%ld.%ld", i / 100, i % 100 / 10);
  else sprintf(value, "%ld.%02ld", i / 100, i % 100);
  return sprintf(to, "event: price\ndata: {\"symbol\":\"ACME\",\"value\":%s}\n\n", value);
}

// The chunk of the events from one to before another. There have to be MAX_EVENT bytes for each of them, and for the framing.
static size_t build (char *to, long from, long until) {
  char *frames = to + 16, size[16];
  size_t length = 0;
  for (long i = from; i < until; i++) length += frame(frames + length, i);
  int digits = sprintf(size, "%zx\r\n", length);
  memmove(to + digits, frames, length);
  memcpy(to, size, digits);
  memcpy(to + digits + length, "\r\n", 2);
  return digits + length + 2;
}

static void prebuild (long events) {
  prebuilt_count = events / per_chunk;
  prebuilt = reserve(prebuilt_count + 1, sizeof *prebuilt);
  for (long i = 0; i < prebuilt_count; i++) {
    size_t length = build(scratch, i * per_chunk, (i + 1) * per_chunk);
    prebuilt[i] = (struct chunk) { memcpy(reserve(1, length), scratch, length), length };
  }
}

// The sockets block: who has no room for all of it is waited for, within this one call. False when the client has gone.
static int send_all (int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return 0;
    bytes += sent;
    length -= sent;
  }
  return 1;
}

static void stream (int fd, long events) {
  long done = 0;
  for (long i = 0; i < prebuilt_count && done + per_chunk <= events; i++, done += per_chunk) {
    if (!send_all(fd, prebuilt[i].bytes, prebuilt[i].length)) return;
  }
  for (long until; done < events; done = until) {
    until = done + per_chunk < events ? done + per_chunk : events;
    if (!send_all(fd, scratch, build(scratch, done, until))) return;
  }
  send_all(fd, LAST_CHUNK, strlen(LAST_CHUNK));
}

static void publish (long from, long to) {
  for (long until; from < to; from = until) {
    until = from + per_chunk < to ? from + per_chunk : to;
    size_t length = build(scratch, from, until);
    for (int i = 0; i < subscriber_count; i++) send_all(subscribers[i], scratch, length);
  }
}

static void watch (int fd) {
  struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
  if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static void answer (const char *format, ...) {
  char line[256];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  if (write(channel, line, length) != length) exit(1);
}

static long number_after (const char *line, const char *name) {
  const char *at = strstr(line, name);
  return at == NULL ? 0 : atol(at + strlen(name));
}

static long resident_bytes (void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1) fail("/proc/self/statm");
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

// What getrusage() says would be of the process that started this one, too.
static double peak_mib (void) {
  char line[128];
  long kilobytes = 0;
  FILE *file = fopen("/proc/self/status", "r");
  if (file == NULL) fail("/proc/self/status");
  while (fgets(line, sizeof line, file) != NULL && sscanf(line, "VmHWM: %ld", &kilobytes) != 1);
  fclose(file);
  return kilobytes / 1024.0;
}

// User and system together, of the whole process.
static double cpu_ms (void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

static void weigh (void) {
  if (awaited != connections) return;
  awaited = -1;
  answer("{\"resident\":%ld}\n", resident_bytes());
}

static void obey (const char *line) {
  static double cpu_ms_before;
  if (strstr(line, "\"do\":\"publish\"")) {
    publish(number_after(line, "\"from\":"), number_after(line, "\"to\":"));
    answer("{}\n");
  } else if (strstr(line, "\"do\":\"weigh\"")) {
    awaited = number_after(line, "\"connections\":");
  } else if (strstr(line, "\"do\":\"begin\"")) {
    cpu_ms_before = cpu_ms();
    answer("{}\n");
  } else if (strstr(line, "\"do\":\"end\"")) {
    answer("{\"cpuMs\":%.3f,\"maxRssMiB\":%.1f}\n", cpu_ms() - cpu_ms_before, peak_mib());
  } else {
    answer("{\"error\":\"a message should say what to do\"}\n");
  }
}

static void read_channel (void) {
  static char line[4096];
  static int length;
  ssize_t size = read(channel, line + length, sizeof line - 1 - length);
  if (size <= 0) exit(0); // whoever has started this is gone
  length += size;
  line[length] = 0;
  for (char *end; (end = strchr(line, '\n')) != NULL;) {
    *end = 0;
    obey(line);
    length -= end + 1 - line;
    memmove(line, end + 1, length + 1);
  }
}

static void accept_client (void) {
  int fd = accept(listener, NULL, NULL), yes = 1;
  if (fd < 0) return;
  if (fd >= MAX_FD) fail("too many connections");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes); // as node:http does
  clients[fd] = reserve(1, sizeof **clients);
  connections++;
  watch(fd);
}

static void leave (int fd) {
  if (clients[fd]->subscriber) {
    int i = 0;
    while (subscribers[i] != fd) i++;
    subscribers[i] = subscribers[--subscriber_count];
  }
  free(clients[fd]);
  clients[fd] = NULL;
  connections--;
  close(fd);
}

static void read_client (int fd) {
  struct client *client = clients[fd];
  ssize_t size = read(fd, client->request + client->length, MAX_REQUEST - 1 - client->length);
  if (size <= 0) return leave(fd);
  client->length += size;
  client->request[client->length] = 0;
  if (strstr(client->request, "\r\n\r\n") == NULL) return;
  client->length = 0;
  send_all(fd, HEAD, strlen(HEAD));
  if (strncmp(client->request, "GET /?events=", 13) == 0) return stream(fd, atol(client->request + 13));
  client->subscriber = 1;
  subscribers[subscriber_count++] = fd;
}

static int listen_anywhere (void) {
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  listener = socket(AF_INET, SOCK_STREAM, 0);
  if (listener < 0 || bind(listener, (struct sockaddr *) &address, size) < 0 || listen(listener, BACKLOG) < 0) fail("listen");
  if (getsockname(listener, (struct sockaddr *) &address, &size) < 0) fail("getsockname");
  return ntohs(address.sin_port);
}

int main (int count, char **arguments) {
  const char *fd = getenv("NODE_CHANNEL_FD");
  if (count != 3 || fd == NULL) {
    fprintf(stderr, "Error: this is started by the benchmark\n");
    return 1;
  }
  channel = atoi(fd);
  fcntl(channel, F_SETFL, fcntl(channel, F_GETFL) & ~O_NONBLOCK);
  per_chunk = atol(arguments[2]);
  scratch = reserve(per_chunk + 1, MAX_EVENT);
  clients = reserve(MAX_FD, sizeof *clients);
  subscribers = reserve(MAX_FD, sizeof *subscribers);
  prebuild(atol(arguments[1]));
  poller = epoll_create1(0);
  if (poller < 0) fail("epoll_create1");
  int port = listen_anywhere();
  watch(listener);
  watch(channel);
  answer("{\"port\":%d,\"idleRssMiB\":%.1f}\n", port, resident_bytes() / 1048576.0);

  for (struct epoll_event events[BATCH];;) {
    int ready = epoll_wait(poller, events, BATCH, -1);
    for (int i = 0; i < ready; i++) {
      int fd = events[i].data.fd;
      if (fd == channel) read_channel();
      else if (fd == listener) accept_client();
      else read_client(fd);
    }
    weigh();
  }
}
