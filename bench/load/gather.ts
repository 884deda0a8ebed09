// Sends requests as fast as they are answered and keeps the answers: for what a contestant has to be given before it is
// measured, such as fresh tokens, and for single requests.

import { openConnection, parseAnswer } from './connection.ts';
import { type HttpAnswer, type HttpRequest, rawRequest } from './request.ts';

const CONNECTIONS = 16;

/** The answers in the order of the requests. @throws when a connection is lost */
export async function gather(
  port: number,
  requests: readonly HttpRequest[],
  connections = Math.min(CONNECTIONS, requests.length),
): Promise<HttpAnswer[]> {
  const host = `127.0.0.1:${port}`;
  const answers: HttpAnswer[] = [];
  let next = 0;
  const work = async () => {
    let settle: { resolve: (text: string) => void; reject: (error: Error) => void } | undefined;
    const connection = await openConnection(port, {
      answered: (text) => settle?.resolve(text),
      lost: () => settle?.reject(new Error('the connection was lost')),
    });
    for (;;) {
      const index = next;
      next += 1;
      const request = requests[index];
      if (request === undefined) break;
      const text = await new Promise<string>((resolve, reject) => {
        settle = { resolve, reject };
        connection.send(rawRequest(request, host));
      });
      answers[index] = parseAnswer(text);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, work));
  return answers;
}

/** One request on a connection of its own. @throws when nobody listens, or the connection is lost */
export async function ask(port: number, request: HttpRequest): Promise<HttpAnswer> {
  const [answer] = await gather(port, [request]);
  if (answer === undefined) throw new Error('no answer');
  return answer;
}
