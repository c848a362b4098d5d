import { append, latest } from "../../todos";

export const dynamic = "force-dynamic";

export const GET = () => Response.json(latest());

export async function POST(request) {
  const { text } = await request.json();
  try {
    return Response.json(append(text), { status: 201 });
  } catch (error) {
    return Response.json({ error: error.message }, { status: 422 });
  }
}
