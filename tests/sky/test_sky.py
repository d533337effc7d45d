"""Names, positions and cutouts, from OpenNGC and from services on this machine."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.web.loopback import HTML, Fault, Loopback
from tuningfork import sky
from tuningfork.errors import NothingThere, ServiceFailed, UnknownName, UnreadableImage
from tuningfork.web import Client


@pytest.mark.parametrize(
    ("name", "ra", "dec"),
    [
        # Positions as NED gives them.
        ("M51", 202.46958, 47.19526),
        ("m 51", 202.46958, 47.19526),
        ("NGC 5194", 202.46958, 47.19526),
        ("ngc4565", 189.08658, 25.98767),
        ("IC 10", 5.07233, 59.30378),
        ("UGC 8493", 202.46958, 47.19526),
        ("Whirlpool Galaxy", 202.46958, 47.19526),
        ("13:29:52.7 +47:11:43", 202.46958, 47.19528),
        ("13h29m52.7s +47d11m43s", 202.46958, 47.19528),
        ("202.47 47.2", 202.47, 47.2),
        ("10.68, -41.2", 10.68, -41.2),
        ("SDSS J132952.70+471143.0", 202.46958, 47.19528),
    ],
)
def test_places_are_found_without_the_internet(
    server: Loopback, client: Client, name: str, ra: float, dec: float
) -> None:
    """NGC, IC, Messier, common names and positions in every form agree with NED to 3″."""
    place = sky.locate(name, client=client)
    assert place.ra == pytest.approx(ra, abs=1e-3)
    assert place.dec == pytest.approx(dec, abs=1e-3)
    assert server.requests == []


def test_other_names_are_asked_of_sesame_once(server: Loopback, client: Client) -> None:
    """The second time the answer is on the disk."""
    for _ in range(2):
        place = sky.locate("Mrk 421", client=client)
        assert (place.ra, place.dec) == (166.113808, 38.208833)
    assert [one.path for one in server.requests] == ["/sesame/SNV?Mrk%20421"]


def test_unknown_names_are_told_from_a_service_in_trouble(server: Loopback, client: Client) -> None:
    """Nobody knows the name; or nobody can be asked, which says something else."""
    with pytest.raises(UnknownName, match="neither OpenNGC nor Sesame"):
        sky.locate("Nowhere 1", client=client)
    server.fail("/sesame", *[Fault(status=500, body=HTML)] * 9)
    with pytest.raises(ServiceFailed, match="not in OpenNGC"):
        sky.locate("Nowhere 2", client=client)


@pytest.mark.parametrize("text", ["", "  ", "400 10", "10 100", "-5 10", "nan nan"])
def test_positions_off_the_sky_are_refused(client: Client, text: str) -> None:
    """One sentence says what a position is."""
    with pytest.raises(UnknownName):
        sky.locate(text, client=client)


def test_sizes_come_from_open_ngc_for_galaxies_alone() -> None:
    """M51's diameter is 13.71′; the Pleiades have one too, and are no galaxy."""
    assert sky.locate("M51").r90 == pytest.approx(13.71 * 60 / 2)
    assert sky.locate("M45").r90 is None
    assert "Cluster" in sky.locate("M45").kind
    assert sky.locate("202.47 47.2").r90 == pytest.approx(13.71 * 60 / 2)
    assert sky.locate("202.47 47.5").r90 is None


def test_a_cutout_is_asked_for_with_its_scale(server: Loopback, client: Client) -> None:
    """84.8″ on 424 pixels are 0.2″ a pixel; the second time nothing is asked."""
    for _ in range(2):
        found = sky.cutout(180, 30, 84.8, client=client)
    assert Image.open(io.BytesIO(found.data)).size == (424, 424)
    (request,) = server.requests
    assert request.path.startswith("/sdss/ImgCutout/getjpeg?ra=180.000000&dec=30.000000&")
    assert "scale=0.200000&width=424&height=424" in request.path
    assert found.picture.read() == found.data


def test_wide_frames_get_more_pixels(server: Loopback, client: Client) -> None:
    """SkyServer draws at most 60″ a pixel: Andromeda's 12° need 755 pixels."""
    found = sky.cutout(10.68, 41.27, 45_250, client=client)
    assert found.pixels == 755
    with pytest.raises(UnreadableImage, match="give 2 to"):
        sky.cutout(10.68, 41.27, 200_000, client=client)


def test_off_the_footprint_is_no_galaxy(server: Loopback, client: Client) -> None:
    """SDSS's message is named; auto goes on to Legacy and says so; black there is named too."""
    with pytest.raises(NothingThere, match="error message in place of a picture"):
        sky.cutout(10, -40, 60, survey="sdss", client=client)
    found = sky.cutout(10, -40, 60, client=client)
    assert found.survey == "legacy"
    assert "SDSS" in found.note
    with pytest.raises(NothingThere, match="black frame"):
        sky.cutout(10, -80, 60, client=client)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500, body=b""),
        Fault(body=HTML),
        Fault(body=b"", content_type="image/jpeg"),
        Fault(cut=500),
        Fault(body=b"\xff\xd8\xff\xe0 half a picture", content_type="image/jpeg"),
        Fault(status=429, headers={"Retry-After": "0"}, body=b""),
    ],
    ids=["500", "web page", "empty", "cut", "damaged", "429"],
)
def test_trouble_that_passes_is_waited_out(server: Loopback, client: Client, fault: Fault) -> None:
    """After two troubled answers the third is the galaxy, from the survey that was asked."""
    server.fail("/sdss", fault, fault)
    assert sky.cutout(180, 30, 60, client=client).survey == "sdss"
    assert len(server.requests) == 3


def test_a_service_in_trouble_is_no_reason_for_another_survey(
    server: Loopback, client: Client
) -> None:
    """The same command gives the same picture or an error, never another survey's."""
    server.fail("/sdss", *[Fault(status=500, body=b"")] * 9)
    with pytest.raises(ServiceFailed, match="SDSS SkyServer fails"):
        sky.cutout(180, 30, 60, client=client)
    assert not server.asked("/legacy")


def test_unknown_sizes_are_measured(server: Loopback, client: Client) -> None:
    """The frame grows and shrinks with the galaxy's true size; a given size is taken as given."""
    measured = [sky.view(sky.place_at(ra, 30), client=client) for ra in (18, 342)]
    small, large = (one.cutout.frame_arcsec for one in measured)
    # The loopback's galaxies are 6″ and 24″ there.
    assert large / small == pytest.approx(4, rel=0.3)
    assert "as measured" in measured[0].note
    given = sky.view(sky.place_at(18, 30), r90=10, client=client)
    assert given.cutout.frame_arcsec == pytest.approx(84.8)
    assert "as asked" in given.note


def test_real_addresses_are_the_defaults() -> None:
    """Without settings the services are the real ones."""
    from tuningfork.web import load_settings

    services = load_settings({}).services
    assert services["sdss"].url == "https://skyserver.sdss.org/dr18/SkyServerWS"
    assert services["legacy"].url == "https://www.legacysurvey.org/viewer"
    assert services["zenodo"].url == "https://zenodo.org"
    assert services["gz2hart"].url == "https://gz2hart.s3.amazonaws.com"
