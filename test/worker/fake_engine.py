"""An engine without torch that behaves as badly as it is told to.

How it starts is told by its argument, how it does a job by the job's value ``act``.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time

asks = queue.Queue()
cancelled = threading.Event()


def send(say, **words):
    sys.stdout.write(json.dumps({"say": say, **words}) + "\n")
    sys.stdout.flush()


def read():
    """Take asks; leave at the end of standard input, as the real engine does."""
    for line in sys.stdin.buffer:
        message = json.loads(line)
        if message["do"] == "quit":
            break
        if message["do"] == "cancel":
            cancelled.set()
        else:
            cancelled.clear()
            asks.put(message)
    os._exit(0)


def echo(id, values):
    send("progress", id=id, fraction=0.5, text="half of it")
    send("done", id=id, outputs={"PID": os.getpid(), "VALUES": values, "ENV": dict(os.environ)})


def noise(id, values):
    print("Downloading: 100%")
    send("progress", id=id, fraction=0.25, text="a")
    print('{"say": "progress", "id": 1, "fract')
    sys.stdout.buffer.write(b"\xff\xfe not UTF-8 \x00\n[1, 2]\n42\n\n")
    print('{"neither": "say nor do"}')
    send("done", id=id, outputs={"NUMBER": 7})


def messages(id, values):
    send("note", id=id, text="a note")
    send("warning", id=id, text="a warning")
    send("metric", id=id, name="loss", value=0.5, step=3)
    send("done", id=99999, outputs={"NUMBER": "of another job"})
    send("done", id=id, outputs={"NUMBER": 1})


def half_a_line(id, values):
    send("heartbeat", id=id)
    print("Killed in the middle", file=sys.stderr)
    sys.stdout.write('{"say": "done", "id": ')
    sys.stdout.flush()
    os._exit(3)


def end_with(id, values):
    send("heartbeat", id=id)
    write_parts(values)
    if values["code"] < 0:
        os.kill(os.getpid(), -values["code"])
        time.sleep(10)
    os._exit(values["code"])


def end_before_answering(id, values):
    os._exit(5)


def be_silent(id, values):
    send("heartbeat", id=id)
    write_parts(values)
    time.sleep(60)


def beat(id, values):
    """Say nothing but that it lives, for longer than the silence that is allowed."""
    for _ in range(15):
        send("heartbeat", id=id)
        time.sleep(0.1)
    send("done", id=id, outputs={})


def obey(id, values):
    send("progress", id=id, fraction=0.0, text="begun")
    cancelled.wait(30)
    send("stopped", id=id)


def obey_late(id, values):
    send("progress", id=id, fraction=0.0, text=str(os.getpid()))
    cancelled.wait(30)
    time.sleep(values["late"])
    send("stopped", id=id)


def ignore(id, values):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    write_parts(values)
    send("progress", id=id, fraction=0.0, text=f"{os.getpid()} {child.pid}")
    for _ in range(600):
        send("heartbeat", id=id)
        time.sleep(0.1)


def leave_child_and_die(id, values):
    """Die while a child still holds the channel open."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    send("progress", id=id, fraction=0.0, text=f"{os.getpid()} {child.pid}")
    os.kill(os.getpid(), signal.SIGKILL)


def say_much(id, values):
    text = "ü" * values["length"]
    for _ in range(20):
        send("note", id=id, text=text)
    send("done", id=id, outputs={"TEXT": text, "LENGTH": len(values.get("text", ""))})


def flood_errors(id, values):
    for _ in range(2000):
        sys.stderr.write("x" * 999 + "\n")
    send("done", id=id, outputs={"NUMBER": 1})


def fail(id, values):
    send("failed", id=id, found="The raster is empty.", remedy="Choose another.", trace="T r a")


def nap(id, values):
    time.sleep(values["seconds"])
    send("done", id=id, outputs={"PID": os.getpid()})


def write_parts(values):
    if "output" in values:
        with open(f"{values['output']}.{os.getpid()}.part", "w") as file:
            file.write("half")


def main(start):
    threading.Thread(target=read, daemon=True).start()
    print("Welcome to a library that prints")
    if start == "never":
        time.sleep(60)
    if start == "die":
        print("ImportError: no torch", file=sys.stderr)
        os._exit(1)
    if start == "broken":
        send("failed", id=None, found="No torch.", remedy="Prepare.", trace="")
        os._exit(1)
    if start == "slow":
        time.sleep(1)
    version = 99 if start == "newer" else 1
    send("ready", v=version, versions={}, devices=["cpu"], pid=os.getpid())
    while True:
        ask = asks.get()
        globals()[ask["values"]["act"]](ask["id"], ask["values"])


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
