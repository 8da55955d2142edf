import type { Handler } from '@lakewright/refine';

/** Puts a text into capitals: a handler to begin with. It changes an object chunk by chunk, so size is no matter. */
const upperCase: Handler = async (input, put) => {
  async function* body(): AsyncGenerator<Uint8Array> {
    const decoder = new TextDecoder();
    const encoder = new TextEncoder();
    for await (const chunk of input.body)
      yield encoder.encode(decoder.decode(chunk, { stream: true }).toUpperCase());
    yield encoder.encode(decoder.decode().toUpperCase());
  }
  return [await put({ body: body() })];
};

export default upperCase;
