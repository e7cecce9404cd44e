/* A load client that is never the bottleneck: closed loop, keep-alive, one thread, one epoll, this machine only.
 *
 * usage: load_client PORT CONNECTIONS COUNT SECONDS EVERY_MS REQUESTS [ANSWERS]
 *
 * REQUESTS holds records: a length (uint32, little endian) and that many bytes, sent as they are, in order, from the
 * beginning again when COUNT is larger. Each connection has a request due every EVERY_MS, and sends it when the one before
 * has been answered; its time counts from when it was due, so that a slow answer is not hidden by what is not asked
 * meanwhile. With EVERY_MS 0 a request is due as soon as the one before has been answered. After SECONDS nothing more is sent.
 * ANSWERS gets a record for each of the COUNT requests: a length (0 if no answer came), when it was sent and answered
 * (doubles, CLOCK_MONOTONIC), and the answer. One line of JSON goes to standard output; times are in milliseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 1 << 20, MOST_CONNECTIONS = 1024, MOST_REQUESTS = 10000000, MOST_SECONDS = 900, PATIENCE = 60 };

typedef struct { char *bytes; uint32_t length; double sent_at, answered_at; } Record;
typedef struct { int socket; long request; int waiting; size_t filled; double counts_from, due_at; char *buffer; } Connection;

static int port, poller;
static Record *requests, *answers;
static long request_count;

static void fail(const char *what) {
    fprintf(stderr, "load_client: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(2);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

static void *reserve(size_t count, size_t size) {
    void *memory = calloc(count ? count : 1, size);
    if (!memory) fail("out of memory");
    return memory;
}

static void read_requests(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    uint32_t length;
    for (long room = 0; fread(&length, sizeof length, 1, file) == 1; request_count++) {
        if (request_count == room) {
            room = room ? room * 2 : 1024;
            if (!(requests = realloc(requests, room * sizeof *requests))) fail("out of memory");
        }
        requests[request_count] = (Record){reserve(length, 1), length};
        if (fread(requests[request_count].bytes, 1, length, file) != length) { errno = 0; fail("the requests are cut off"); }
    }
    fclose(file);
    if (!request_count) { errno = 0; fail("no requests"); }
}

static void connect_to_server(Connection *c) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    c->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (c->socket < 0 || connect(c->socket, (struct sockaddr *)&address, sizeof address)) fail("cannot connect");
    setsockopt(c->socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(c->socket, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, c->socket, &event)) fail("epoll");
}

static void hang_up(Connection *c) {
    if (c->socket >= 0) close(c->socket);
    c->socket = -1;
}

static void send_request(Connection *c, long number, double every) {
    Record request = requests[number % request_count];
    if (c->socket < 0) connect_to_server(c);
    double sent_at = now();
    c->request = number, c->waiting = 1, c->filled = 0, c->counts_from = every ? c->due_at : sent_at;
    if (answers) answers[number].sent_at = sent_at;
    /* Far smaller than a socket's buffer: it goes at once, or the other side has hung up, which the answer will show. */
    if (write(c->socket, request.bytes, request.length) >= 0 || errno == EPIPE || errno == ECONNRESET) return;
    fail("cannot send");
}

static const char *header(const char *head, const char *end, const char *name) {
    size_t length = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line && line < end; line = strstr(line + 2, "\r\n"))
        if (!strncasecmp(line + 2, name, length)) return line + 2 + length;
    return NULL;
}

static size_t chunked_length(const char *body, size_t filled) {
    size_t at = 0;
    for (;;) {
        const char *line_end = memmem(body + at, filled - at, "\r\n", 2);
        if (!line_end) return 0;
        size_t size = strtoul(body + at, NULL, 16);
        at = (line_end - body) + 2 + size + 2;
        if (at > filled) return 0;
        if (!size) return at;
    }
}

/* The length of the answer once it is whole, else 0. An answer without a length ends with its connection. */
static size_t whole_answer(Connection *c, int ended, int *status, int *closes) {
    c->buffer[c->filled] = 0;
    const char *end = strstr(c->buffer, "\r\n\r\n");
    if (!end) return 0;
    size_t head = end - c->buffer + 4, body;
    const char *connection = header(c->buffer, end, "connection: "), *length = header(c->buffer, end, "content-length: ");
    *status = atoi(c->buffer + 9);
    *closes = connection ? !strncasecmp(connection, "close", 5) : !strncmp(c->buffer, "HTTP/1.0", 8);
    if (*status == 204 || *status == 304) return head;
    if (length) return c->filled >= head + strtoul(length, NULL, 10) ? head + strtoul(length, NULL, 10) : 0;
    if (header(c->buffer, end, "transfer-encoding: chunked"))
        return (body = chunked_length(c->buffer + head, c->filled - head)) ? head + body : 0;
    *closes = 1;
    return ended ? c->filled : 0;
}

static int says_when_to_return(Connection *c) {
    return header(c->buffer, strstr(c->buffer, "\r\n\r\n"), "retry-after: ") != NULL;
}

static void keep_answer(Connection *c, size_t length, double answered_at) {
    Record *answer = &answers[c->request];
    answer->bytes = reserve(length, 1), answer->length = length, answer->answered_at = answered_at;
    memcpy(answer->bytes, c->buffer, length);
}

static void write_answers(const char *path, long count) {
    FILE *file = fopen(path, "wb");
    if (!file) fail(path);
    for (long i = 0; i < count; i++) {
        fwrite(&answers[i].length, sizeof answers[i].length, 1, file);
        fwrite(&answers[i].sent_at, sizeof answers[i].sent_at, 1, file);
        fwrite(&answers[i].answered_at, sizeof answers[i].answered_at, 1, file);
        if (answers[i].length) fwrite(answers[i].bytes, 1, answers[i].length, file);
    }
    if (fclose(file)) fail(path);
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc < 7) { errno = 0; fail("PORT CONNECTIONS COUNT SECONDS EVERY_MS REQUESTS [ANSWERS]"); }
    port = atoi(argv[1]);
    long connections = atol(argv[2]), count = atol(argv[3]);
    double limit = atof(argv[4]) * 1e3, every = atof(argv[5]);
    errno = 0;
    if (connections < 1 || connections > MOST_CONNECTIONS || count < 1 || count > MOST_REQUESTS || limit > MOST_SECONDS * 1e3)
        fail("too much, or nothing to do");
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1L); /* what is due is sent then, and not when it suits the kernel */
    read_requests(argv[6]);
    if (connections > count) connections = count;
    if (argc > 7) answers = reserve(count, sizeof *answers);
    double *times = reserve(count, sizeof *times);
    long statuses[600] = {0}, sent = 0, answered = 0, dropped = 0, bare_503 = 0, in_flight = 0;
    poller = epoll_create1(0);

    Connection *all = reserve(connections, sizeof *all);
    for (long i = 0; i < connections; i++) {
        all[i].buffer = reserve(BUFFER + 1, 1);
        connect_to_server(&all[i]);
    }
    double began = now(), ended_at = began;
    for (long i = 0; i < connections; i++) all[i].due_at = began + (every * i) / connections;
    for (;;) {
        double t = now(), next_due = t + 1e3;
        int more = 0;
        for (long i = 0; i < connections && sent < count; i++) {
            if (all[i].waiting || all[i].due_at - began >= limit || t - began >= limit) continue;
            if (all[i].due_at <= t) send_request(&all[i], sent++, every), in_flight++;
            else if (more = 1, all[i].due_at < next_due) next_due = all[i].due_at;
        }
        if (!in_flight && !more) break;
        if (t - began > limit + PATIENCE * 1e3) { fprintf(stderr, "load_client: %ld unanswered\n", in_flight); dropped += in_flight; break; }
        struct epoll_event events[256];
        long wait_ns = (next_due - t) * 1e6;
        struct timespec until_due = {wait_ns / 1000000000, wait_ns % 1000000000};
        int ready = epoll_pwait2(poller, events, 256, &until_due, NULL);
        if (ready < 0 && errno != EINTR) fail("cannot wait");
        for (int i = 0; i < ready; i++) {
            Connection *c = events[i].data.ptr;
            ssize_t got = read(c->socket, c->buffer + c->filled, BUFFER - c->filled);
            if (got < 0 && errno == EAGAIN) continue;
            int ended = got <= 0, status = 0, closes = 0;
            if (!ended) c->filled += got;
            size_t length = c->waiting ? whole_answer(c, ended, &status, &closes) : 0;
            if (length) {
                ended_at = now();
                times[answered++] = ended_at - c->counts_from;
                if (status >= 0 && status < 600) statuses[status]++;
                if (status == 503 && !says_when_to_return(c)) bare_503++;
                if (answers) keep_answer(c, length, ended_at);
            } else if (ended && c->waiting) dropped++;
            if (ended || (length && closes)) hang_up(c);
            if (c->waiting && (length || ended)) c->waiting = 0, in_flight--, c->due_at = every ? c->due_at + every : now();
            if (!ended && !length && c->filled == BUFFER) { errno = 0; fail("an answer is too large"); }
        }
    }
    qsort(times, answered, sizeof *times, by_size);
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double seconds = (ended_at - began) / 1e3;
    double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
    printf("{\"answered\":%ld,\"dropped\":%ld,\"seconds\":%.4f,\"p50\":%.4f,\"p99\":%.4f,\"worst\":%.4f,\"cpu_seconds\":%.4f,\"bare_503\":%ld,\"statuses\":{",
           answered, dropped, seconds, answered ? times[answered / 2] : 0, answered ? times[(long)(answered * 0.99)] : 0,
           answered ? times[answered - 1] : 0, cpu, bare_503);
    const char *comma = "";
    for (int i = 0; i < 600; i++)
        if (statuses[i]) printf("%s\"%d\":%ld", comma, i, statuses[i]), comma = ",";
    printf("}}\n");
    if (answers) write_answers(argv[7], count);
    return 0;
}
