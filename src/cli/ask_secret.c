/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ask_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"

#define MAX_LINE 1024
#define CTRL_C	 3
#define CTRL_D	 4
#define CTRL_U	 21
#define DELETE	 127

/* Up to the end of the line, of which the first MAX_LINE count; false when it was given up. */
static bool read_line(int fd, char line[MAX_LINE + 1])
{
	size_t size = 0;
	for (;;) {
		char c = 0;
		ssize_t got = read(fd, &c, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || c == CTRL_C || c == CTRL_D)
			return false;
		if (c == '\n' || c == '\r')
			break;
		if (c == CTRL_U)
			size = 0;
		else if (c == '\b' || c == DELETE)
			size -= size > 0 ? 1 : 0;
		else if (size < MAX_LINE)
			line[size++] = c;
	}
	line[size] = '\0';
	return true;
}

char *ask_secret(const char *question, struct error *err)
{
	AUTO_CLOSE int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios before;
	if (fd < 0 || tcgetattr(fd, &before) < 0) {
		error_set(err, ERROR_USAGE, "nobody is there to be asked: %s", question);
		return NULL;
	}
	/* Signals by key would end us with the echo off, so that ^C is read like any other key. */
	struct termios quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG | ICANON);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	AUTO_FREE char *prompt = xasprintf("%s: ", question);
	if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0) {
		error_set_errno(err, errno, "the terminal");
		return NULL;
	}
	char line[MAX_LINE + 1] = "";
	bool is_ok = fd_write_all(fd, prompt, strlen(prompt), err);
	bool is_read = is_ok && read_line(fd, line);
	(void)tcsetattr(fd, TCSAFLUSH, &before);
	if (is_ok && !fd_write_all(fd, "\n", 1, err))
		return NULL;
	if (is_ok && !is_read)
		error_set(err, ERROR_CANCELLED, "no answer to: %s", question);
	char *answer = is_read ? xstrdup(line) : NULL;
	explicit_bzero(line, sizeof(line));
	return answer;
}
