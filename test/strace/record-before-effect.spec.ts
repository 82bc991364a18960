import { breaches, type Breach } from './record-before-effect.js';
import { parseTrace } from './trace.js';

const part = String.raw`\0{\"name\":\"sql\"}select 'mark-1'`;
const decided = String.raw`{\"type\":\"statement.decided\",\"v\":1}`;
const open = (flags: string): string => `7 openat(AT_FDCWD</>, "/log/1.seg", ${flags}) = 21</log/1.seg>`;
const record = (text = part + decided, taken = 400): string => `7 pwrite64(21</log/1.seg>, "${text}", 400, 4096) = ${taken}`;
const sync = '8 fdatasync(21</log/1.seg>) = 0';
const send = String.raw`9 write(36<TCP:[127.0.0.1:47414->127.0.0.1:5432]>, "Q\0\0\0\30select 'mark-1'\0", 25) = 25`;
const sendElsewhere = send.replace('5432', '6432');

const check = (...lines: string[]): Breach['why'][] =>
  breaches(parseTrace(lines.join('\n')), 5432, [{ text: 'mark-1', event: 'statement.decided' }]).map(({ why }) => why);

describe('a statement is sent in order', () => {
  it.each([
    ['after the write-through of its record', [open('O_WRONLY|O_DSYNC'), record(), send]],
    ['after a sync that covers it', [open('O_RDWR'), record(), sync, send]],
    [
      'after a sync that other threads interrupted',
      [
        open('O_RDWR'),
        record(),
        '8 fdatasync(21</log/1.seg> <unfinished ...>',
        sendElsewhere,
        '8 <... fdatasync resumed>) = 0',
        send,
      ],
    ],
    ['when its part and its decision are durable by two writes', [open('O_RDWR|O_DSYNC'), record(part), record(decided), send]],
  ])('%s', (_, lines) => {
    expect(check(...lines)).toEqual([]);
  });
});

describe('a breach is seen', () => {
  it.each([
    ['the sync is missing', [open('O_RDWR'), record(), send]],
    ['it is sent first', [open('O_RDWR'), record(), send, sync]],
    ['it is sent before the record is written at all', [open('O_WRONLY|O_DSYNC'), send, record()]],
    [
      'it is sent while the sync is under way',
      [open('O_RDWR'), record(), '8 fdatasync(21</log/1.seg> <unfinished ...>', send, '8 <... fdatasync resumed>) = 0'],
    ],
    [
      'the sync began before the write had returned',
      [
        open('O_RDWR'),
        `7 pwrite64(21</log/1.seg>, "${part + decided}", 400, 4096 <unfinished ...>`,
        '8 fdatasync(21</log/1.seg> <unfinished ...>',
        '7 <... pwrite64 resumed>) = 400',
        '8 <... fdatasync resumed>) = 0',
        send,
      ],
    ],
    ['the sync failed', [open('O_RDWR'), record(), sync.replace('= 0', '= -1 EIO (Input/output error)'), send]],
    ['another file was synced', [open('O_RDWR'), record(), sync.replace('1.seg', '2.seg'), send]],
    ['the write fell short', [open('O_WRONLY|O_DSYNC'), record(part + decided, 399), send]],
    ['the descriptor was opened again, without O_DSYNC', [open('O_WRONLY|O_DSYNC'), open('O_WRONLY'), record(), send]],
    ['its decision became durable later', [open('O_WRONLY|O_DSYNC'), record(part), send, record(decided)]],
  ])('when %s', (_, lines) => {
    expect(check(...lines)).toEqual(['sent before it was durable']);
  });

  it('when it was never recorded, or without its decision', () => {
    expect(check(send)).toEqual(['never recorded']);
    expect(check(open('O_WRONLY|O_DSYNC'), record(decided + part), send)).toEqual(['never recorded']);
  });

  it('when it never went to the server, so that nothing was seen', () => {
    expect(check(open('O_WRONLY|O_DSYNC'), record(), sendElsewhere)).toEqual(['never sent']);
  });
});
