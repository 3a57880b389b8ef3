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
#include "tui/glyphs.h"
#include "tui/terminfo.h"

struct screen {
	SCREEN *terminal;
	struct screen_options options;
	const struct palette *palette; /* NULL: no colours */
	struct canvas shown;	       /* what the terminal has: only rows that differ are sent */
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

static short pair_of(const struct style *style)
{
	return (short)((int)style->ground * COLOURS + (int)style->colour + 1);
}

static bool has_grounds(const struct screen *screen)
{
	return screen->palette != NULL && screen->palette->has_grounds;
}

static void define_colours(struct screen *screen)
{
	int colours = COLORS >= 256 && COLOR_PAIRS >= 64 ? 256 : 8;
	const struct palette *palette =
		theme_palette(screen->options.theme, getenv("COLORFGBG"), colours);

	screen->palette = palette;
	for (int i = 0; i < COLOURS; i++)
		(void)init_pair((short)(i + 1), palette->text[i], -1);
	for (int ground = 1; palette->has_grounds && ground < GROUNDS; ground++) {
		for (int i = 0; i < COLOURS; i++)
			(void)init_pair((short)(ground * COLOURS + i + 1),
					ground == GROUND_MATCH ? palette->on_match
							       : palette->on_ground[i],
					palette->grounds[ground]);
	}
}

void screen_set_mouse(struct screen *screen, bool is_on)
{
	(void)screen;
	(void)mousemask(
		is_on ? BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0,
		NULL);
	(void)mouseinterval(0);
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
	screen_set_mouse(screen, screen->options.has_mouse);
	if (screen->options.theme == THEME_NONE || !has_colors())
		return;
	(void)start_color();
	(void)use_default_colors();
	define_colours(screen);
}

struct screen *screen_open(const struct screen_options *options, struct error *err)
{
	const char *term = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		error_set(err, ERROR_UNSUPPORTED, "the terminal UI needs a terminal");
		error_hint(err, "i2kit ps and i2kit logs -f work without one");
		return NULL;
	}
	bool is_known = false;
	if (!terminfo_can_draw(&is_known)) {
		error_set(err, ERROR_UNSUPPORTED,
			  is_known ? "the terminal '%s' cannot move its cursor"
				   : "the terminal '%s' is not known",
			  term ? term : "");
		error_hint(err, "TERM=xterm i2kit tui, or i2kit ps and i2kit logs -f");
		return NULL;
	}
	SCREEN *terminal = newterm(NULL, stdout, stdin);
	if (terminal == NULL) {
		error_set(err, ERROR_UNSUPPORTED, "the terminal '%s' cannot be used", term);
		return NULL;
	}
	struct screen *screen = xcalloc(1, sizeof(*screen));
	screen->terminal = terminal;
	screen->options = *options;
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
	canvas_clear(&screen->shown);
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

static attr_t attributes(const struct screen *screen, const struct style *style)
{
	attr_t bits = A_NORMAL;
	if (style->is_bold || (style->ground == GROUND_MATCH && !has_grounds(screen)))
		bits |= A_BOLD;
	if (style->is_dim && style->ground == GROUND_NONE)
		bits |= A_DIM;
	if (style->is_underlined)
		bits |= A_UNDERLINE;
	if (style->ground != GROUND_NONE && !has_grounds(screen))
		bits |= A_REVERSE;
	return bits;
}

static void show_row(const struct screen *screen, const struct canvas *canvas, int row)
{
	for (int column = 0; column < canvas->columns; column++) {
		const struct cell *cell = canvas_cell(canvas, row, column);
		struct style style = cell->style;
		if (cell->text[0] == '\0')
			continue;
		attr_t bits = attributes(screen, &style);
		if (!has_grounds(screen))
			style.ground = GROUND_NONE;
		(void)attr_set(bits, screen->palette != NULL ? pair_of(&style) : 0, NULL);
		(void)mvaddstr(row, column,
			       screen->options.is_ascii ? glyph_ascii(cell->text) : cell->text);
	}
}

static bool is_row_shown(const struct screen *screen, const struct canvas *canvas, int row)
{
	size_t size = (size_t)canvas->columns * sizeof(struct cell);
	return memcmp(canvas_cell(canvas, row, 0), canvas_cell(&screen->shown, row, 0), size) == 0;
}

void screen_show(struct screen *screen, const struct canvas *canvas, bool redraw)
{
	struct canvas *shown = &screen->shown;
	size_t count = (size_t)canvas->rows * (size_t)canvas->columns;

	redraw = redraw || shown->rows != canvas->rows || shown->columns != canvas->columns;
	if (redraw) {
		(void)clearok(stdscr, TRUE);
		(void)erase();
		canvas_resize(shown, canvas->rows, canvas->columns);
	}
	for (int row = 0; row < canvas->rows; row++) {
		if (redraw || !is_row_shown(screen, canvas, row))
			show_row(screen, canvas, row);
	}
	memcpy(shown->cells, canvas->cells, count * sizeof(*canvas->cells));
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

void screen_stop(struct screen *screen)
{
	screen_suspend(screen);
	(void)raise(SIGTSTP);
	screen_resume(screen);
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
