"""When records reach the disk, on the event loop's own time but without waiting for it."""

import asyncio
import errno

from edge_agent.journal import GroupCommit, Journal, JournalSettings
from tests.journal.journal_script import DIRECTORY
from tests.journal.sim_fs import SimFs


class Rig:
    def __init__(self, **options):
        self.fs = SimFs()
        self.settings = JournalSettings(segment_bytes=4096, max_bytes=2**20, ballast_bytes=0, **options)
        self.journal = Journal.open(DIRECTORY, fs=self.fs, settings=self.settings)
        self.committed = asyncio.Event()
        self.group = GroupCommit(self.journal, self.settings, self.committed.set)

    def append(self, stream, count=1):
        for _ in range(count):
            self.journal.append(stream, 1, lambda seq: b"%d" % seq)
            self.group.notify(stream)

    async def __aenter__(self):
        self.task = asyncio.create_task(self.group.run())
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        self.group.close()
        self.journal.close()

    async def took_s(self):
        loop = asyncio.get_running_loop()
        start_s = loop.time()
        async with asyncio.timeout(5):
            await self.committed.wait()
        self.committed.clear()
        return loop.time() - start_s


def test_an_alarm_is_committed_at_once_and_takes_along_what_waits():
    async def main():
        async with Rig(readings_s=60.0, events_s=60.0) as rig:
            rig.append("r", 3)
            rig.append("e")
            rig.append("a")
            await rig.took_s()
            assert [rig.journal.committed(stream) for stream in "aer"] == [1, 1, 3]

    asyncio.run(main())


def test_events_and_readings_wait_as_long_as_set():
    async def main():
        async with Rig(readings_s=0.15, events_s=0.05) as rig:
            rig.append("e")
            assert 0.04 <= await rig.took_s() < 0.14
            rig.append("r")
            assert 0.14 <= await rig.took_s() < 1.0

    asyncio.run(main())


def test_a_group_of_readings_does_not_wait():
    async def main():
        async with Rig(readings_s=60.0) as rig:
            group = rig.settings.readings_records
            rig.append("r", group - 1)
            await asyncio.sleep(0)
            assert rig.journal.committed("r") == 0
            rig.append("r")
            await rig.took_s()
            assert rig.journal.committed("r") == group

    asyncio.run(main())


def test_flush_has_everything_on_disk_when_it_returns():
    async def main():
        async with Rig(readings_s=60.0, events_s=60.0) as rig:
            rig.append("r", 5)
            rig.append("s", 2)
            await rig.group.flush()
            assert rig.journal.stats().pending == 0
            assert rig.committed.is_set()

    asyncio.run(main())


def test_a_disk_that_refuses_is_tried_again_until_it_takes_the_records():
    async def main():
        async with Rig(events_s=0.01) as rig:
            rig.fs.faults = dict.fromkeys(range(rig.fs.calls + 1, rig.fs.calls + 6), errno.EIO)
            rig.append("e")
            async with asyncio.timeout(5):
                while rig.journal.committed("e") == 0:
                    await rig.took_s()
            assert rig.journal.fault == ""
            assert rig.journal.take_faults()

    asyncio.run(main())


def test_the_cursor_is_stored_after_five_hundred_acks_without_waiting_for_the_second():
    async def main():
        async with Rig(readings_records=1000) as rig:
            rig.append("r", 1000)
            await rig.took_s()
            rig.journal.ack("r", 499)
            await asyncio.sleep(0.02)
            before = rig.fs.read(DIRECTORY / "cursor")
            rig.journal.ack("r", 500)
            async with asyncio.timeout(0.8):
                while rig.fs.read(DIRECTORY / "cursor") == before:
                    await asyncio.sleep(0.001)

    asyncio.run(main())
