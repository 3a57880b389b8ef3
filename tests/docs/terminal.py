# SPDX-License-Identifier: Apache-2.0
"""Somebody at a terminal: types a line of a document into a shell, answers what is asked, and ends with Ctrl-C what
does not end by itself, when it has shown something."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

# What goes on until somebody ends it: after what has been seen, or after how many seconds of silence.
I2KIT = r"i2kit (?:-p \S+ )?"
FOLLOWING = [
    (rf"{I2KIT}up\b(?!.*(\s-d\b|--detach|--build-only|--help))", r"ready in|Screens|q quit|\? help"),
    (rf"{I2KIT}watch\b", r"watching|Ctrl-C"),
    (rf"{I2KIT}(logs|events|console)\b.*\s(-f|--follow)\b", r"."),
    (rf"{I2KIT}ps\b.*(-w\b|--watch)", r"."),
    (rf"{I2KIT}(attach|port-forward)\b", r"listen|forward|127.0.0.1"),
    (rf"{I2KIT}(stats|top)$", r"."),
    (rf"{I2KIT}rehearse\b.*--hold", r"hold|Ctrl-C"),
]
# What is answered: a line, what it shows, what is typed then.
ANSWERS = [
    (rf"{I2KIT}(exec \S+ sh|exec -it \S+ (-- )?sh|debug \S+)$", r"[#$] ", "exit\n"),
    (rf"{I2KIT}(tui|up --tui)", r"quit", "q"),
    (rf"{I2KIT}(promote|rollback|destroy)", r"\[y/N\] ", "y\n"),
]
SILENCE = 3.0


class Line:
    """One line, being run."""

    def __init__(self, text, folder, env, is_alone):
        self.text, self.output, self.status, self.folder = text, "", None, folder
        command = text.split(" #")[0].strip()
        self.ends_at = next((seen for line, seen in FOLLOWING if re.search(line, command)), None)
        self.answers = [(seen, keys) for line, seen, keys in ANSWERS if re.search(line, command)]
        self.is_left_open = self.ends_at is not None and not is_alone
        self.place_file = os.path.join(env["DOCS_WORK"], "place")
        script = f"cd '{folder}' && {{\n{text}\n}}; status=$?; pwd >'{self.place_file}'; exit $status"
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execvpe("bash", ["bash", "-o", "pipefail", "-c", script], env)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def read(self, seconds):
        """Whether something came; False at the end, too."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return False
        try:
            got = os.read(self.terminal, 65536)
        except OSError:
            got = b""
        self.output += re.sub(r"\x1b(\[[0-9;?]*[A-Za-z]|[()][A-Z0-9])", "", got.decode("utf-8", "replace"))
        return bool(got)

    def has_ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
                while self.read(0.05):
                    pass
                os.close(self.terminal)
        return self.status is not None

    def run(self, seconds):
        """To its end, or until it has shown what it is there for."""
        start = heard = time.monotonic()
        while not self.has_ended():
            now = time.monotonic()
            if self.read(0.05):
                heard = now
            for answer in list(self.answers):
                if re.search(answer[0], self.output):
                    time.sleep(0.3)
                    os.write(self.terminal, answer[1].encode())
                    self.answers.remove(answer)
            is_shown = self.ends_at and (re.search(self.ends_at, self.output) or
                                         (now - heard > SILENCE and " up" not in self.text))
            if is_shown and self.is_left_open:
                return True
            if is_shown and now - start > 1:
                self.interrupt(60)
            if now - start > seconds:
                self.output += f"\n(no end after {seconds} s)"
                self.kill()
        return self.is_good()

    def is_good(self):
        return self.status == 0 or (self.ends_at is not None and self.status in (130, -signal.SIGINT))

    def interrupt(self, seconds):
        """Ctrl-C, and its end."""
        os.write(self.terminal, b"\x03")
        end = time.monotonic() + seconds
        while not self.has_ended() and time.monotonic() < end:
            self.read(0.05)
        if not self.has_ended():
            self.output += f"\n(Ctrl-C did not end it within {seconds} s)"
            self.kill()

    def kill(self):
        os.killpg(self.pid, signal.SIGKILL)
        while not self.has_ended():
            self.read(0.05)
        self.status = 124
