import { connect } from 'node:net';

/** The first bytes of whoever answers at a port of this host, as ssh servers do unasked. */
export const greetingAt = (port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', reject);
  });
