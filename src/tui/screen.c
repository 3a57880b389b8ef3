/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/screen.h"

#include <ncurses.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "base/path.h"
#include "tui/curses_keys.h"

struct screen {
	SCREEN *terminal;
	bool has_colour;
	struct sigaction old_actions[8];
};

/* Signals that would leave the terminal raw; their old action follows after it is restored. */
static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGHUP, SIGQUIT};

static void die_clean(int signo)
{
	static const char restore[] = "\x1b[?1000l\x1b[?1006l\x1b[?25h\x1b[?1049l\x1b[0m\r\n";
	/* endwin() is not safe here; these bytes and the saved modes are what it would do. */
	(void)!write(STDOUT_FILENO, restore, sizeof(restore) - 1);
	(void)reset_shell_mode();
	(void)signal(signo, SIG_DFL);
	(void)raise(signo);
}

static void catch_signals(struct screen *screen)
{
	struct sigaction action = {.sa_handler = die_clean, .sa_flags = (int)SA_RESETHAND};
	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++)
		(void)sigaction(deadly[i], &action, &screen->old_actions[i]);
}

static void set_modes(struct screen *screen)
{
	(void)raw();
	(void)noecho();
	(void)nonl();
	(void)keypad(stdscr, TRUE);
	(void)nodelay(stdscr, TRUE);
	(void)set_escdelay(25);
	(void)curs_set(0);
	(void)mousemask(BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED,
			NULL);
	(void)mouseinterval(0);
	if (!screen->has_colour || !has_colors())
		return;
	(void)start_color();
	(void)use_default_colors();
	static const short colours[] = {-1,	    COLOR_RED,	   COLOR_GREEN, COLOR_YELLOW,
					COLOR_BLUE, COLOR_MAGENTA, COLOR_CYAN};
	for (short i = 1; i < (short)ARRAY_SIZE(colours); i++)
		(void)init_pair(i, colours[i], -1);
}

struct screen *screen_open(bool has_colour, struct error *err)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		error_set(err, ERROR_UNSUPPORTED, "the terminal UI needs a terminal");
		error_hint(err, "i2kit ps and i2kit logs -f work without one");
		return NULL;
	}
	SCREEN *terminal = newterm(NULL, stdout, stdin);
	if (terminal == NULL) {
		error_set(err, ERROR_UNSUPPORTED, "the terminal '%s' is not known",
			  term ? term : "");
		error_hint(err, "TERM=xterm i2kit tui");
		return NULL;
	}
	struct screen *screen = xcalloc(1, sizeof(*screen));
	screen->terminal = terminal;
	screen->has_colour = has_colour;
	set_modes(screen);
	catch_signals(screen);
	return screen;
}

void screen_close(struct screen *screen)
{
	if (screen == NULL)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(deadly); i++)
		(void)sigaction(deadly[i], &screen->old_actions[i], NULL);
	(void)endwin();
	delscreen(screen->terminal);
	free(screen);
}

void screen_size(const struct screen *screen, int *ret_rows, int *ret_columns)
{
	(void)screen;
	*ret_rows = getmaxy(stdscr);
	*ret_columns = getmaxx(stdscr);
}

void screen_resize(struct screen *screen)
{
	struct winsize size = {0};
	(void)screen;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
		(void)resizeterm(size.ws_row, size.ws_col);
}

static attr_t attributes(const struct style *style)
{
	attr_t bits = A_NORMAL;
	if (style->is_bold)
		bits |= A_BOLD;
	if (style->is_dim)
		bits |= A_DIM;
	if (style->is_reverse)
		bits |= A_REVERSE;
	if (style->is_underlined)
		bits |= A_UNDERLINE;
	return bits;
}

static void show_row(const struct screen *screen, const struct canvas *canvas, int row)
{
	for (int column = 0; column < canvas->columns; column++) {
		const struct cell *cell = canvas_cell(canvas, row, column);
		short pair = screen->has_colour ? (short)cell->style.colour : 0;
		if (cell->text[0] == '\0')
			continue;
		(void)attr_set(attributes(&cell->style), pair, NULL);
		(void)mvaddstr(row, column, cell->text);
	}
}

void screen_show(struct screen *screen, const struct canvas *canvas, bool redraw)
{
	if (redraw)
		(void)clearok(stdscr, TRUE);
	(void)erase();
	for (int row = 0; row < canvas->rows; row++)
		show_row(screen, canvas, row);
	(void)curs_set(canvas->cursor_row >= 0 ? 1 : 0);
	if (canvas->cursor_row >= 0)
		(void)move(canvas->cursor_row, canvas->cursor_column);
	(void)refresh();
}

bool screen_key(struct screen *screen, unsigned *ret_key, int *ret_row, int *ret_column)
{
	wint_t code = 0;
	(void)screen;
	int kind = get_wch(&code);
	if (kind == ERR)
		return false;
	*ret_row = -1;
	*ret_column = -1;
	if (kind != KEY_CODE_YES) {
		*ret_key = code == '\n' ? '\r' : (unsigned)code;
		return true;
	}
	*ret_key = curses_key(code, ret_row, ret_column);
	return true;
}

void screen_suspend(struct screen *screen)
{
	(void)screen;
	(void)def_prog_mode();
	(void)endwin();
}

void screen_resume(struct screen *screen)
{
	(void)screen;
	(void)reset_prog_mode();
	(void)clearok(stdscr, TRUE);
	(void)refresh();
}

void screen_copy(struct screen *screen, const char *text)
{
	(void)screen;
	AUTO_FREE char *encoded = base64_encode(text, strlen(text));
	/* tmux passes OSC 52 on when set-clipboard is on, which is its default. */
	AUTO_FREE char *sequence = xasprintf("\x1b]52;c;%s\x07", encoded);
	if (!fd_write_all(STDOUT_FILENO, sequence, strlen(sequence), NULL))
		return;
}
