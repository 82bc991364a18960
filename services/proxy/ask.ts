import { type Connection, ConnectionLost, decodeDataRow, Framer, request } from '#pgwire';

/** Asks one question on a connection that nobody reads yet, and leaves it as it was. */
export async function ask({ socket }: Connection, sql: string): Promise<(string | null)[][]> {
  const rows: (string | null)[][] = [];
  const framer = new Framer({ direction: 'backend', maxFrame: 1024 * 1024, whole: () => true });
  await new Promise<void>((resolve, reject) => {
    const done = (error?: Error): void => {
      socket.pause();
      socket.off('data', onData);
      socket.off('close', onClose);
      if (error) reject(error);
      else resolve();
    };
    let failed = false;
    const onData = (chunk: Buffer): void => {
      framer.push(chunk, ({ type, bytes }) => {
        if (type === 'D') rows.push(decodeDataRow(bytes).map((cell) => cell?.toString('utf8') ?? null));
        else if (type === 'E') failed = true;
        else if (type === 'Z')
          done(failed ? new ConnectionLost('the server refused to say what state the session is in') : undefined);
      });
    };
    const onClose = (): void => {
      done(new ConnectionLost('the server hung up'));
    };
    socket.on('data', onData);
    socket.once('close', onClose);
    socket.resume();
    socket.write(request.query(sql));
  });
  return rows;
}
