// A linked pair of shaders with its own vertex array.

export interface Pass {
  readonly program: WebGLProgram;
  readonly array: WebGLVertexArrayObject;
  uniform(name: string): WebGLUniformLocation | null;
}

/** Compile and link; throws where the shaders are refused, but not where the context is lost: it is built again then. */
export function newPass(gl: WebGL2RenderingContext, vertex: string, fragment: string): Pass {
  const program = gl.createProgram();
  const shaders = [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const;
  for (const [kind, source] of shaders) {
    const shader = gl.createShader(kind);
    if (!shader) break;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  const linked = gl.getProgramParameter(program, gl.LINK_STATUS) as boolean;
  if (!linked && !gl.isContextLost()) throw new Error(`The scatter's shader failed: ${gl.getProgramInfoLog(program)}`);
  const places = new Map<string, WebGLUniformLocation | null>();
  const uniform = (name: string): WebGLUniformLocation | null => {
    if (!places.has(name)) places.set(name, gl.getUniformLocation(program, name));
    return places.get(name) ?? null;
  };
  return { program, array: gl.createVertexArray(), uniform };
}
