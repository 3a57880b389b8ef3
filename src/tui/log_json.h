/* SPDX-License-Identifier: Apache-2.0 */
#ifndef I2KIT_TUI_LOG_JSON_H
#define I2KIT_TUI_LOG_JSON_H

/* Log lines that are JSON objects, as most loggers write them, made readable. */

#include "base/strbuf.h"

enum log_level_kind { LOG_IS_NONE, LOG_IS_TRACE, LOG_IS_NORMAL, LOG_IS_WARNING, LOG_IS_ERROR };

/* "ERROR cannot connect  host=db tries=3"; false, and nothing appended: it is none. */
bool log_json_summary(const char *text, size_t size, struct strbuf *out,
		      enum log_level_kind *ret_level);
/* Indented, on several lines; false: it is none. */
bool log_json_indent(const char *text, size_t size, struct strbuf *out);

#endif
